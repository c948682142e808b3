"""The parts of the agent by themselves: records and their limits, values and their forms."""

import io
import sys
import threading
import types

import pytest
from conversation.agent import source

CODE = compile(source(), "livyd_agent.py", "exec")


@pytest.fixture
def agent():
    """The names of the agent's file, afresh."""
    names = {"__name__": "livyd_agent"}
    exec(CODE, names)
    return types.SimpleNamespace(**names), names


@pytest.fixture
def book(agent):
    """A book with limits that a test can reach, and a run that executes."""
    parts, names = agent
    names.update(SEGMENT=100, FILE=300, RUN_LIMIT=1000, SESSION_LIMIT=2000)
    book = names["Book"]()
    return book, book.begin("first")


def read_all(book, record):
    seen = b""
    while True:
        at, data = book.piece(record, len(seen), 64)
        assert at == len(seen)
        if not data:
            return seen
        seen += data


def test_a_record_in_files_and_memory_reads_as_it_was_written(book):
    book, record = book
    written = b"".join(b"line %d\n" % number for number in range(100))
    for number in range(100):
        book.put(b"line %d\n" % number, None)
    assert len(record.files) > 1 and record.memory
    assert read_all(book, record) == written


def test_what_does_not_fit_is_a_stated_gap(book):
    book, record = book
    book.put("€".encode() * 400, None)
    book.put(b"more", None)
    book.end(record)
    assert read_all(book, record).decode() == "€" * 333 + "\n[livyd: 205 bytes were not kept here]\n"
    assert record.ended


def test_what_was_fetched_makes_room(book):
    book, record = book
    for _ in range(9):
        book.put(b"x" * 100, None)
    book.piece(record, 900, 64)
    for _ in range(5):
        book.put(b"y" * 100, None)
    assert record.start > 0 and not record.dropped and record.size == 1400
    at, data = book.piece(record, 0, 64)
    assert at == record.start and data
    assert book.kept == record.kept


def test_all_runs_together_have_a_limit(book):
    book, first = book
    book.put(b"a" * 1000, None)
    book.end(first)
    second = book.begin("second")
    book.put(b"b" * 1000, None)
    book.end(second)
    third = book.begin("third")
    book.put(b"c" * 500, None)
    assert third.dropped == 500
    book.forget("first")
    book.put(b"d" * 500, None)
    assert read_all(book, third).endswith(b"d" * 500)
    assert book.kept == second.kept + third.kept


def test_without_room_for_files_memory_has_a_limit_of_its_own(agent, book, monkeypatch):
    book, record = book

    def refuse(**_):
        raise OSError("no space left")

    monkeypatch.setattr("tempfile.TemporaryFile", refuse)
    record.limit = 5000
    for _ in range(30):
        book.put(b"x" * 100, None)
    assert 800 <= record.size <= 1000 and record.dropped
    book.end(record)
    assert b"were not kept" in read_all(book, record)


def test_text_printed_in_the_middle_of_a_write_follows_it(book):
    book, record = book
    whole = record.append

    def append(data):  # as a finaliser does that runs in there
        record.append = whole
        book.put(b"inner\n", None)
        whole(data)

    record.append = append
    book.put(b"outer\n", None)
    assert read_all(book, record) == b"outer\ninner\n"


def test_only_the_last_thousand_names_are_remembered(book):
    book, record = book
    for number in range(1100):
        book.end(book.begin("run-%d" % number))
    assert len(book.ran) == 1000 and len(book.records) == 100
    assert book.begin("run-1099") == "LivydDuplicate"


def test_threads_that_print_at_once_lose_nothing(book):
    book, record = book
    record.limit = 1 << 30
    threads = [threading.Thread(target=lambda: [book.put(b"%d\n" % threading.get_ident(), threading.current_thread())
                                                for _ in range(50)]) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert read_all(book, record).count(b"\n") == 100


def test_a_data_frame_is_a_table(agent):
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"n": [1, 2], "f": [0.5, float("nan")], "s": ["a", None], "b": [True, False]})
    bundle = agent[0].bundle_of(frame, False)
    assert bundle["application/vnd.livy.table.v1+json"] == {
        "headers": [{"name": "n", "type": "INT_TYPE"}, {"name": "f", "type": "DOUBLE_TYPE"},
                    {"name": "s", "type": "STRING_TYPE"}, {"name": "b", "type": "BOOLEAN_TYPE"}],
        "data": [[1, 0.5, "a", True], [2, None, None, False]]}
    assert "<table" in bundle["text/html"]


def test_a_long_data_frame_is_cut(agent):
    pandas = pytest.importorskip("pandas")
    table = agent[0].table_of(pandas.DataFrame({"n": range(5000)}), False)
    assert len(table["application/vnd.livy.table.v1+json"]["data"]) == 1000


def test_a_frame_of_spark_is_collected_only_when_it_is_displayed(agent):
    class DataFrame:
        columns = ["id"]

        def limit(self, count):
            assert count == 1000
            return self

        def collect(self):
            return [(1,), (2,)]

    DataFrame.__module__ = "pyspark.sql.dataframe"
    assert agent[0].table_of(DataFrame(), False) == {}
    assert agent[0].table_of(DataFrame(), True)["application/vnd.livy.table.v1+json"]["data"] == [[1], [2]]


def test_a_figure_is_shown_once_until_it_is_drawn_again(agent, book, monkeypatch):
    class Figure:
        stale = True

        def get_axes(self):
            return ["axes"]

        def savefig(self, file, format):
            file.write(b"image of " + format.encode())

    figure = Figure()
    pyplot = types.SimpleNamespace(get_fignums=lambda: [1], figure=lambda number: figure)
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", pyplot)
    display = agent[0].Display(*book)
    display.add_figures()
    display.add_figures()
    assert [list(part["data"]) for part in display.parts] == [["image/png"]]


def test_parts_are_bounded_and_what_is_left_out_is_said(agent, book):
    display = agent[0].Display(*book)
    display.add({"text/html": "x" * 300000})
    display.add({"text/html": "y" * 300000})
    display.add({"text/html": "small", "bad": object(), "worse": float("nan")})
    content = agent[0].ok_content(book[1], display)
    facts = content["data"]["application/vnd.livyd.run+json"]
    assert content["data"]["text/html"] == "small" and "bad" not in content["data"]
    assert [part["data"]["text/html"][0] for part in facts["before"]] == ["x"]
    assert facts["leftOut"][0]["mime"] == "text/html"


def test_a_value_too_large_for_a_reply_is_read_in_pieces(agent, book):
    agent[1].update(RUN_LIMIT=1 << 30, SESSION_LIMIT=1 << 30)
    display = agent[0].Display(*book)
    display.add({"text/html": "<p>é</p>" * 60000, "text/markdown": "small"})
    display.add({"application/json": ["n" * 500000]})
    page, tree = display.left_out
    assert (page["mime"], page["size"]) == ("text/html", 540000)
    assert read_all_of(book[0], page["part"]).decode() == "<p>é</p>" * 60000
    assert read_all_of(book[0], tree["part"]).decode() == '["%s"]' % ("n" * 500000)
    assert list(display.parts[0]["data"]) == ["text/markdown"]


def read_all_of(book, name):
    assert book.records[name].ended
    return read_all(book, book.records[name])


def test_values_go_with_their_run_and_have_a_limit(agent, book):
    book, first = book
    agent[1].update(VALUE_LIMIT=800)
    assert book.keep_value("first#0", b"x" * 801) == ""
    assert [book.keep_value("first#%d" % number, b"x" * 700) for number in range(3)] == ["first#0", "first#1", ""]
    book.end(first)
    book.end(book.begin("second"))
    book.forget("first")
    assert list(book.records) == ["second"] and book.kept == 0
    assert book.keep_value("second#0", b"x" * 700) == "second#0"
    for number in range(200):
        book.end(book.begin("run-%d" % number))
    assert len(book.records) == 100 and "second#0" not in book.records and book.kept == 0


def test_a_stream_is_what_programs_expect(agent):
    written = []
    owner = types.SimpleNamespace(pid=__import__("os").getpid(), put=written.append)
    stream = agent[0].Stream(owner, "<stdout>", 1)
    assert stream.write("é") == 1 and stream.write(b"raw") == 3 and stream.writable() and not stream.isatty()
    stream.buffer.write("€".encode()[:1])
    stream.buffer.write("€".encode()[1:])
    stream.close()
    stream.reconfigure(encoding="latin-1")
    print("after", file=stream, flush=True)
    io.TextIOWrapper(stream.buffer, encoding="utf-8").write("wrapped")
    with pytest.raises(TypeError):
        stream.write(5)
    assert b"".join(written) == "éraw€after\nwrapped".encode()
