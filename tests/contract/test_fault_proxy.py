"""Each fault of the proxy does what it says, against a server that counts what reaches it."""

import threading
import time

import pytest
import requests
from conversation import fake_livy as fake
from conversation.client import wait_for
from fault_proxy import LOGIN_PAGE, Fault, FaultProxy

STATEMENTS = "/sessions/0/statements"


@pytest.fixture
def proxy():
    proxy = FaultProxy()
    yield proxy
    proxy.close()


@pytest.fixture
def livy(fake_livy):
    livy = fake_livy(fake.Answers(lambda code: fake.ok("fine")))
    requests.post(livy.url + "/sessions", json={"kind": "pyspark"}, timeout=10)
    return livy


@pytest.fixture
def door(proxy, livy):
    return proxy.door(livy.url)


def post(door, code="1", timeout=20):
    return requests.post(door.url + STATEMENTS, json={"code": code}, timeout=timeout)


def posted(livy):
    return len(livy.asked("POST", STATEMENTS))


def test_without_a_fault_everything_passes(door, livy):
    with requests.Session() as client:
        for number in range(5):
            answer = client.post(door.url + STATEMENTS, json={"code": f"code {number}"}, timeout=10)
            assert answer.status_code == 201 and answer.json()["id"] == number
            assert client.get(f"{door.url}{STATEMENTS}/{number}", timeout=10).json()["state"] == "available"
    assert [one.status for one in door.journal] == [201, 200] * 5
    assert all(one.forwarded and one.fault is None for one in door.journal)
    # The proxy notes an answer once it is on its way, so the client may have it a moment before.
    wait_for(lambda: all(one.answered for one in door.journal), "the journal to be complete")


@pytest.mark.parametrize("reset", [False, True], ids=["end", "reset"])
@pytest.mark.parametrize("what, reached", [("drop_before", 0), ("drop_after", 1)])
def test_a_drop_loses_the_request_or_the_answer(door, livy, what, reached, reset):
    door.add(Fault(what, path=STATEMENTS, reset=reset))
    with pytest.raises(requests.ConnectionError):
        post(door)
    assert posted(livy) == reached
    assert (door.journal[0].forwarded, door.journal[0].answered) == (bool(reached), False)
    assert post(door).status_code == 201


def test_a_late_request_arrives_after_the_client_has_gone(door, livy):
    begun = time.monotonic()
    fault = door.add(Fault("late", path=STATEMENTS, seconds=2))
    with pytest.raises(requests.ConnectionError):
        post(door)
    assert posted(livy) == 0
    assert fault.done.wait(10)
    assert posted(livy) == 1 and door.journal[0].status == 201
    assert time.monotonic() - begun >= 2


def test_a_cut_answer_ends_in_the_middle_of_its_body(door, livy):
    door.add(Fault("cut", path=STATEMENTS))
    with pytest.raises(requests.exceptions.RequestException) as broken:
        post(door).json()
    assert "IncompleteRead" in str(broken.value)
    assert posted(livy) == 1


def test_a_delay_delays(door, livy):
    door.add(Fault("delay", path=STATEMENTS, seconds=0.3))
    begun = time.monotonic()
    assert post(door).status_code == 201
    assert time.monotonic() - begun >= 0.3


@pytest.mark.parametrize("what, reached", [("hold_request", 0), ("hold_answer", 1)])
def test_what_is_held_goes_on_when_it_is_released(door, livy, what, reached):
    fault = door.add(Fault(what, path=STATEMENTS))
    answers = []
    caller = threading.Thread(target=lambda: answers.append(post(door)))
    caller.start()
    assert fault.fired.wait(10)
    if reached:
        wait_for(lambda: posted(livy), "the server to be asked")
    assert posted(livy) == reached and not answers
    fault.release()
    caller.join(10)
    assert answers[0].status_code == 201 and posted(livy) == 1


def test_a_held_request_outlives_its_client(door, livy):
    fault = door.add(Fault("hold_request", path=STATEMENTS))
    with pytest.raises(requests.exceptions.RequestException):
        post(door, timeout=0.2)
    fault.release()
    assert fault.done.wait(10)
    assert posted(livy) == 1


@pytest.mark.parametrize("delivered", [False, True], ids=["not delivered", "delivered"])
@pytest.mark.parametrize("what, status", [("bad_gateway", 502), ("unavailable", 503), ("login", 200)])
def test_a_gateway_answers_for_itself(door, livy, what, status, delivered):
    door.add(Fault(what, path=STATEMENTS, delivered=delivered))
    answer = post(door)
    assert (answer.status_code, posted(livy)) == (status, int(delivered))
    assert answer.headers["Content-Type"].startswith("text/html")
    assert (answer.headers.get("Retry-After") == "1") == (what == "unavailable")
    assert (answer.content == LOGIN_PAGE) == (what == "login")


def test_a_fault_meets_the_nth_request_that_matches(door, livy):
    door.add(Fault("bad_gateway", path=STATEMENTS, body="mine", nth=2, times=2))
    seen = [post(door, code).status_code for code in ("mine", "other", "mine", "other", "mine", "mine")]
    assert seen == [201, 201, 502, 201, 502, 201]


def test_something_can_happen_between_the_servers_answer_and_the_loss(door, livy):
    happened = []
    door.add(Fault("drop_after", path=STATEMENTS, then=lambda arrived: happened.append(arrived.status)))
    with pytest.raises(requests.ConnectionError):
        post(door)
    assert happened == [201]


def test_a_door_that_refuses_comes_back_at_the_same_address(door, livy):
    with requests.Session() as client:
        client.get(door.url + "/version", timeout=10)
        door.refuse()
        with pytest.raises(requests.ConnectionError) as refused:
            client.get(door.url + "/version", timeout=10)
        assert "refused" in str(refused.value) or "reset" in str(refused.value)
        with pytest.raises(requests.ConnectionError) as refused:
            client.get(door.url + "/version", timeout=10)
        assert "refused" in str(refused.value)
        door.come_back()
        assert client.get(door.url + "/version", timeout=10).status_code == 200


def test_a_black_hole_takes_everything_and_answers_nothing(door, livy):
    door.blackhole()
    with pytest.raises(requests.exceptions.ReadTimeout):
        post(door, timeout=0.3)
    assert posted(livy) == 0 and door.journal == []
    door.come_back()
    assert post(door).status_code == 201


def test_what_a_black_hole_swallowed_can_stay_silent_when_it_has_gone(door, livy):
    door.blackhole()
    problems = []

    def ask():
        try:
            requests.get(door.url + "/version", timeout=2)
        except requests.exceptions.ReadTimeout as problem:
            problems.append(problem)

    caller = threading.Thread(target=ask)
    caller.start()
    wait_for(lambda: door.swallowed, "the black hole to be asked")
    door.come_back(False)
    caller.join()
    assert problems
    assert post(door).status_code == 201


def test_a_black_hole_swallows_the_answer_that_is_under_way(door, livy):
    fault = door.add(Fault("hold_answer", path=STATEMENTS))
    problems = []

    def ask():
        try:
            post(door)
        except requests.ConnectionError as problem:
            problems.append(problem)

    caller = threading.Thread(target=ask)
    caller.start()
    wait_for(lambda: posted(livy), "the server to be asked")
    door.blackhole()
    fault.release()
    caller.join(0.2)
    assert caller.is_alive()
    door.come_back()
    caller.join(10)
    assert problems and not door.journal[0].answered


def test_the_token_is_added_for_the_server(proxy, embedded):
    door = proxy.door(embedded.url, embedded.token)
    assert requests.get(door.url + "/sessions", timeout=10).status_code == 200
    assert requests.get(embedded.url + "/sessions", timeout=10).status_code == 401
