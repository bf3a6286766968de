#!/usr/bin/env bash
# The MCP server with the SDKs as its peers: the Rust SDK's client in a test of cargo's, and the Python SDK's.
set -euo pipefail
: "${root:?run tests/integrations.sh}" "${scratch:?}" "${tools:?}"
# shellcheck source=tests/integrations/sample.sh
source "$root/tests/integrations/sample.sh"

# Building the test builds the program with its server too.
cargo test --quiet --locked --features mcp-test --test mcp
binary=$root/target/debug/driftgate

work=$scratch/mcp
mkdir -p "$work"
cd "$work"
git init --quiet .
service customerId
git add . && git commit --quiet -m base
service customer_id

"$tools/py/bin/python" - "$binary" "$work" <<'PYTHON'
import asyncio, json, sys
from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client


async def main():
    server = StdioServerParameters(command=sys.argv[1], args=["mcp", "--repo", sys.argv[2]])
    async with stdio_client(server) as (read, write), ClientSession(read, write) as session:
        greeting = await session.initialize()
        assert greeting.server_info.name == "driftgate", greeting
        names = [tool.name for tool in (await session.list_tools()).tools]
        assert names == ["check", "who", "explain", "extract"], names
        checked = await session.call_tool("check", {"base": "HEAD"})
        assert not checked.is_error, checked
        report = checked.structured_content
        assert report == json.loads(checked.content[0].text)
        assert report["verdict"] == "breaking" and report["findings"][0]["fix"]["safe"], report
        who = (await session.call_tool("who", {"name": "invoice.paid.customerId"})).structured_content
        assert [party["name"] for party in who["parties"]] == ["crm-sync"], who
        page = await session.call_tool("explain", {"rule": "field-renamed"})
        assert "field-renamed" in page.content[0].text
        failed = await session.call_tool("check", {"base": "nowhere"})
        assert failed.is_error and "nowhere" in failed.content[0].text, failed


asyncio.run(main())
PYTHON
