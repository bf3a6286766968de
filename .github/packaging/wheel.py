"""Makes a wheel that carries the driftgate binary for one target.

    python .github/packaging/wheel.py TARGET BINARY FOLDER

A wheel is a zip file with a few lines of metadata, so nothing but Python itself is needed. The same binary gives the same bytes.
"""

import base64
import hashlib
import pathlib
import re
import sys
import tomllib
import zipfile

# A static binary runs on every Linux, whatever its C library.
TAGS = {
    "x86_64-unknown-linux-musl": ["manylinux_2_17_x86_64", "manylinux2014_x86_64", "musllinux_1_1_x86_64"],
    "aarch64-unknown-linux-musl": ["manylinux_2_17_aarch64", "manylinux2014_aarch64", "musllinux_1_1_aarch64"],
    "x86_64-apple-darwin": ["macosx_10_12_x86_64"],
    "aarch64-apple-darwin": ["macosx_11_0_arm64"],
    "x86_64-pc-windows-msvc": ["win_amd64"],
}


def version_of(text):
    """`1.2.3-rc.4` as Python writes it: `1.2.3rc4`."""
    match = re.fullmatch(r"(\d+\.\d+\.\d+)(?:-(alpha|beta|rc)\.?(\d+))?", text)
    if not match:
        sys.exit(f"the version {text} has no form that Python knows")
    number, stage, count = match.groups()
    return number if stage is None else number + {"alpha": "a", "beta": "b", "rc": "rc"}[stage] + count


def main():
    if len(sys.argv) != 4 or sys.argv[1] not in TAGS:
        sys.exit(f"usage: wheel.py TARGET BINARY FOLDER, where TARGET is one of {', '.join(TAGS)}")
    target, binary, folder = sys.argv[1], pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3])
    root = pathlib.Path(__file__).resolve().parents[2]
    package = tomllib.loads((root / "Cargo.toml").read_text(encoding="utf-8"))["package"]
    version = version_of(package["version"])
    tags = TAGS[target]
    suffix = ".exe" if "windows" in target else ""

    metadata = [
        "Metadata-Version: 2.4",
        "Name: driftgate",
        f"Version: {version}",
        f"Summary: {package['description']}",
        f"Keywords: {','.join(package['keywords'])}",
        f"License-Expression: {package['license']}",
        "License-File: LICENSE-APACHE",
        "License-File: LICENSE-MIT",
        f"Project-URL: Repository, {package['repository']}",
        "Requires-Python: >=3.8",
        "Description-Content-Type: text/markdown",
        "",
    ]
    readme = root / "README.md"
    text = "\n".join(metadata) + "\n" + (readme.read_text(encoding="utf-8") if readme.exists() else "")
    wheel = ["Wheel-Version: 1.0", "Generator: driftgate", "Root-Is-Purelib: false"]
    wheel += [f"Tag: py3-none-{tag}" for tag in tags]

    info = f"driftgate-{version}.dist-info"
    files = [
        (f"driftgate-{version}.data/scripts/driftgate{suffix}", binary.read_bytes(), 0o755),
        (f"{info}/licenses/LICENSE-APACHE", (root / "LICENSE-APACHE").read_bytes(), 0o644),
        (f"{info}/licenses/LICENSE-MIT", (root / "LICENSE-MIT").read_bytes(), 0o644),
        (f"{info}/METADATA", text.encode(), 0o644),
        (f"{info}/WHEEL", ("\n".join(wheel) + "\n").encode(), 0o644),
    ]
    record = ""
    for name, content, _ in files:
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
        record += f"{name},sha256={digest},{len(content)}\n"
    files.append((f"{info}/RECORD", (record + f"{info}/RECORD,,\n").encode(), 0o644))

    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"driftgate-{version}-py3-none-{'.'.join(tags)}.whl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, content, mode in files:
            entry = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            entry.external_attr = (0o100000 | mode) << 16
            entry.create_system = 3
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, content)
    print(path)


main()
