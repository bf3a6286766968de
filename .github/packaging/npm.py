"""Makes the npm packages: one for each target that carries its binary, and `driftgate`, which picks the right one.

    python .github/packaging/npm.py FOLDER TARGET=BINARY...

Each package is a folder under FOLDER, ready for `npm pack` and `npm publish`.
"""

import json
import pathlib
import shutil
import sys
import tomllib

# By the names that Node gives to systems and processors.
PLATFORMS = {
    "x86_64-unknown-linux-musl": ("linux", "x64"),
    "aarch64-unknown-linux-musl": ("linux", "arm64"),
    "x86_64-apple-darwin": ("darwin", "x64"),
    "aarch64-apple-darwin": ("darwin", "arm64"),
    "x86_64-pc-windows-msvc": ("win32", "x64"),
}


def write(folder, manifest, root):
    (folder / "package.json").write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
    for name in ("LICENSE-MIT", "LICENSE-APACHE", "README.md"):
        if (root / name).exists():
            shutil.copyfile(root / name, folder / name)


def main():
    given = [argument.partition("=") for argument in sys.argv[2:]]
    if not given or any(target not in PLATFORMS or not binary for target, _, binary in given):
        sys.exit(f"usage: npm.py FOLDER TARGET=BINARY..., where TARGET is one of {', '.join(PLATFORMS)}")
    out = pathlib.Path(sys.argv[1])
    root = pathlib.Path(__file__).resolve().parents[2]
    package = tomllib.loads((root / "Cargo.toml").read_text(encoding="utf-8"))["package"]
    common = {
        "version": package["version"],
        "description": package["description"],
        "license": f"({package['license']})",
        "repository": {"type": "git", "url": f"git+{package['repository']}.git"},
        "keywords": package["keywords"],
    }
    optional = {}
    for target, _, binary in given:
        system, processor = PLATFORMS[target]
        name = f"@driftgate/{system}-{processor}"
        folder = out / f"{system}-{processor}"
        (folder / "bin").mkdir(parents=True, exist_ok=True)
        inside = folder / "bin" / ("driftgate.exe" if system == "win32" else "driftgate")
        shutil.copyfile(binary, inside)
        inside.chmod(0o755)
        manifest = {"name": name, **common, "os": [system], "cpu": [processor], "files": ["bin", "LICENSE-*"]}
        # Without it npm would strip the permission to run the file when it is packed on Windows.
        manifest["bin"] = {f"driftgate-{system}-{processor}": f"bin/{inside.name}"}
        manifest["publishConfig"] = {"access": "public"}
        write(folder, manifest, root)
        optional[name] = package["version"]
    folder = out / "driftgate"
    (folder / "bin").mkdir(parents=True, exist_ok=True)
    shutil.copyfile(root / ".github/packaging/npm/driftgate.js", folder / "bin/driftgate.js")
    (folder / "bin/driftgate.js").chmod(0o755)
    manifest = {
        "name": "driftgate",
        **common,
        "bin": {"driftgate": "bin/driftgate.js"},
        "files": ["bin", "LICENSE-*"],
        "engines": {"node": ">=18"},
        "optionalDependencies": dict(sorted(optional.items())),
        "publishConfig": {"access": "public"},
    }
    write(folder, manifest, root)


main()
