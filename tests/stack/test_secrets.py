"""After everything else: no secret that was used lies in what livyd wrote, said or showed."""
import base64

import pytest

import search

ALICE = b"alice:alice-pw"


def test_the_search_finds_a_secret_in_any_form(tmp_path):
    secrets = {"password": b"alice-pw", "ticket": bytes(range(200, 240)), "key": b"\n\xff\0secret\nkey\n"}
    (tmp_path / "plain").write_bytes(b"it is alice-pw.")
    (tmp_path / "header").write_bytes(base64.b64encode(ALICE))
    (tmp_path / "ticket").write_bytes(b"x" + base64.b64encode(b"12" + secrets["ticket"] + b"3") + b"x")
    (tmp_path / "lines").write_bytes(b"a\nb" + secrets["key"])
    (tmp_path / "cookie").write_text('Cookie: hadoop.auth="u=alice"')
    (tmp_path / "harmless").write_text("alice has a password")
    assert search.findings(tmp_path, secrets) == [
        "cookie: hadoop.auth=", "header: password", "lines: key", "plain: password", "ticket: ticket"]


@pytest.mark.last
def test_no_secret_is_left_anywhere(desks, confidential, kdc):
    places = [one for one in desks.iterdir() if (one / "processes").exists()]
    if not places:
        pytest.skip("no other test ran")
    assert any((one / "processes").read_bytes().count(b"XDG_STATE_HOME") for one in places)

    secrets = {f"password of {name}": password.encode() for name, password in kdc.passwords.items()}
    for ccache in kdc.folder.glob("ccache-*"):
        secrets.update({f"{ccache.name} {at}": value for at, value in enumerate(search.tickets(ccache))})
    for name, part in confidential.items():
        secrets.update({f"{name} {at}": value.encode() for at, value in enumerate(sorted(secrets_of(part)))})

    assert search.findings(desks, secrets) == []


def secrets_of(part):
    """What was given, or the tokens and cookies that went through a part of the rig, and its own."""
    if isinstance(part, set):
        return part
    own = (getattr(part, name, None) for name in ("token", "password"))
    return {*getattr(part, "secrets", ()), *(value for value in own if value)}
