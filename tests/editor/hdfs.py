"""The HDFS of tests/stack for the editor's tests: its addresses as a line of JSON, then it runs until stdin ends."""
import json
import pathlib
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "stack"))

from backends.hdfs import Hdfs  # noqa: E402  (found by the path above)


def main():
    with tempfile.TemporaryDirectory(prefix="livyd-hdfs-", ignore_cleanup_errors=True) as folder:
        hdfs = Hdfs(pathlib.Path(folder))
        try:
            print(json.dumps({"url": hdfs.direct_url, "dataUrl": hdfs.data_url}), flush=True)
            sys.stdin.read()
        finally:
            hdfs.close()


if __name__ == "__main__":
    main()
