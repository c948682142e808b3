"""How a Java daemon of the rig is started: small heap, loopback only, the openings that Java 17 wants."""
from .process import Process, program

ALL = "=ALL-UNNAMED"


def opens(module, *packages):
    return [f"--add-opens={module}/{package}{ALL}" for package in packages]


def exports(module, *packages):
    return [f"--add-exports={module}/{package}{ALL}" for package in packages]


def java(name, folder, main_class, class_path, flags=(), arguments=(), environment=None, heap="256m"):
    """Starts `main_class`. The class path's first entry is usually the folder of its configuration."""
    command = [program("java", "openjdk-17-jre-headless"), f"-Xmx{heap}", "-XX:+UseSerialGC",
               "-XX:TieredStopAtLevel=1", "-XX:+IgnoreUnrecognizedVMOptions", "-Djava.net.preferIPv4Stack=true",
               f"-Djava.io.tmpdir={folder}", *flags, "-cp", ":".join(map(str, class_path)), main_class, *arguments]
    return Process(name, folder, command, environment)
