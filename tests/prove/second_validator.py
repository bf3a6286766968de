#!/usr/bin/env python3
"""Holds witnesses against a second validator, the `jsonschema` package of Python.

    DRIFTGATE_WITNESSES=witnesses.jsonl … cargo test --release --test prove of_real_schemas
    python3 tests/prove/second_validator.py witnesses.jsonl

Each line is {"producer", "consumer", "witness"}, each side {"schema", "base", "resources"}: the producer has to accept the witness and
the consumer to refuse it. Exits
with 1 where one does not hold. Schemas whose patterns Python cannot compile are counted and left out.
"""

import json
import re
import sys

from urllib.parse import uses_netloc, uses_relative

from jsonschema import Draft7Validator
from jsonschema.validators import validator_for
from referencing import Registry, Resource
from referencing.jsonschema import specification_with

# Relative references resolve against addresses of this scheme too.
uses_relative.append("json-schema")
uses_netloc.append("json-schema")


def accepts(side, instance):
    kind = validator_for(side["schema"], default=Draft7Validator)
    dialect = specification_with(kind.META_SCHEMA.get("$schema") or kind.META_SCHEMA["id"])
    documents = [*side["resources"].items(), (side["base"], side["schema"])]
    registry = Registry().with_resources(
        (address, Resource.from_contents(schema, default_specification=dialect)) for address, schema in documents
    )
    return kind({"$ref": side["base"]}, registry=registry).is_valid(instance)


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
