#!/usr/bin/env python3
"""Holds witnesses against a second validator, the `jsonschema` package of Python.

    DRIFTGATE_WITNESSES=witnesses.jsonl … cargo test --release --test prove of_real_schemas
    python3 tests/prove/second_validator.py witnesses.jsonl

Each line is {"producer", "consumer", "witness"}: the producer has to accept the witness and the consumer to refuse it. Exits
with 1 where one does not hold. Schemas whose patterns Python cannot compile are counted and left out.
"""

import json
import re
import sys

from jsonschema import Draft7Validator
from jsonschema.validators import validator_for


def accepts(schema, instance):
    return validator_for(schema, default=Draft7Validator)(schema).is_valid(instance)


held = left_out = 0
wrong = []
with open(sys.argv[1], encoding="utf-8") as lines:
    for number, line in enumerate(lines, 1):
        case = json.loads(line)
        try:
            told = accepts(case["producer"], case["witness"]), accepts(case["consumer"], case["witness"])
        except (re.error, RecursionError) as error:
            left_out += 1
            continue
        except Exception as error:
            left_out += 1
            print(f"line {number}: {type(error).__name__}: {str(error)[:100]}")
            continue
        if told == (True, False):
            held += 1
        else:
            wrong.append((number, told))
print(f"{held} witnesses hold, {len(wrong)} do not, {left_out} left out")
for number, told in wrong[:20]:
    print(f"line {number}: producer accepts: {told[0]}, consumer accepts: {told[1]}")
sys.exit(bool(wrong))
