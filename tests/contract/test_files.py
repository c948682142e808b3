"""Files that reach a session: uploads, and names that try to leave its folder."""

import hashlib
import os
import uuid
import zipfile


def upload(session, endpoint, name, content, field="file"):
    return session.client.request("POST", f"{session.path}/{endpoint}",
                                  files={field: (name, content, "application/octet-stream")})


def unique(name):
    return f"{name}_{uuid.uuid4().hex[:8]}"


def test_an_uploaded_module_can_be_imported_at_once(session):
    module = unique("module")
    answer = upload(session, "upload-pyfile", module + ".py", b"value = 'uploaded'\n")
    assert (answer.status_code, answer.content) == (200, b"")
    assert session.text(f"import {module}; print({module}.value)") == "uploaded"


def test_the_same_name_again_is_not_replaced(session):
    module = unique("again")
    upload(session, "upload-pyfile", module + ".py", b"value = 1\n")
    session.run(f"import {module}")
    assert upload(session, "upload-pyfile", module + ".py", b"value = 2\n").status_code == 200
    assert session.text(f"import importlib; print(importlib.reload({module}).value)") == "1"


def test_an_uploaded_zip_is_a_package(session, tmp_path):
    package = unique("package")
    path = tmp_path / "bundle.zip"
    with zipfile.ZipFile(path, "w") as bundle:
        bundle.writestr(package + "/__init__.py", "value = 'zipped'\n")
    assert upload(session, "upload-pyfile", unique("bundle") + ".zip", path.read_bytes()).status_code == 200
    assert session.text(f"import {package}; print({package}.value)") == "zipped"


def test_an_uploaded_file_keeps_its_bytes(session, server):
    name, content = unique("bytes") + ".bin", bytes(range(256)) * 4096 + b"\r\n--\r\n"
    assert upload(session, "upload-file", name, content).status_code == 200
    if server.foreign:
        where = f"__import__('pyspark').SparkFiles.get('{name}')"
    else:
        where = f"next(os.path.join(p, '{name}') for p in [os.getcwd()] + sys.path " \
                f"if os.path.exists(os.path.join(p, '{name}')))"
    code = f"import os, sys, hashlib\nprint(hashlib.sha256(open({where}, 'rb').read()).hexdigest())"
    assert session.text(code) == hashlib.sha256(content).hexdigest()


def test_another_field_is_no_file(session):
    answer = upload(session, "upload-pyfile", "x.py", b"", field="jar")
    assert (answer.status_code, answer.json()) == (400, "No file sent!")


def test_a_name_cannot_leave_the_sessions_folder(embedded, tmp_path):
    session = embedded.client.create().wait_idle()
    own = session.text("import os; print(os.getcwd())")
    file = unique("escaped") + ".py"
    for name in ("../" + file, "../../" + file, "/tmp/" + file, "..", "", "a/b.py"):
        answer = upload(session, "upload-pyfile", name, b"value = 1\n")
        assert answer.status_code in (200, 400), (name, answer.text)
    parent = os.path.dirname(own)
    outside = (parent, os.path.dirname(parent), str(tmp_path), "/tmp", os.path.expanduser("~"))
    escaped = [folder for folder in outside if os.path.exists(os.path.join(folder, file))]
    assert not escaped
    session.delete()


def test_add_pyfile_takes_a_file_of_this_machine(embedded, tmp_path):
    session = embedded.client.create().wait_idle()
    module = unique("added")
    (tmp_path / (module + ".py")).write_text("value = 'added'\n")
    answer = embedded.client.post(session.path + "/add-pyfile",
                                  {"uri": f"file://{tmp_path}/{module}.py"})
    assert answer.status_code == 200, answer.text
    assert session.text(f"import {module}; print({module}.value)") == "added"
    missing = embedded.client.post(session.path + "/add-pyfile", {"uri": "file:///no/such/file.py"})
    assert missing.status_code == 400 and "msg" in missing.json()
