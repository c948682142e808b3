"""Where the embedded endpoint differs from the recorded Livy on purpose: what and why, as data.

`python -m conversation.differences` (in tests/contract) prints docs/livy-differences.md anew. The
contract tests hold every row: one that is no longer true fails, and so does one that is missing.
"""

import os

from .server import PROJECT

DOCUMENT = os.path.join(PROJECT, "docs", "livy-differences.md")
BOTH, DEFAULT, STRICT = ("default", "strict"), ("default",), ("strict",)


class Difference:
    """At `path` of each of `steps` the modes answer what `says` (a pattern over JSON) fits."""

    def __init__(self, modes, steps, path, says, shown, why):
        self.modes = modes
        self.steps = [steps] if isinstance(steps, str) else list(steps)
        self.path, self.says, self.shown, self.why = path, says, shown, why


CHAINED = (r'.*ZeroDivisionError: division by zero\\n", "\\nThe above exception was the direct cause'
           r'.*"ValueError: outer\\n"\]')
ABSENT = r'"\(absent\)"'
TOP_FRAME = "The frames of user code are there, the one at the top too"
WHY_FRAMES = "Livy drops the line on which it failed; a user needs it."
KEPT = "What was printed before the error stands beside it"
WHY_KEPT = "Livy loses it; clients read `data` only when the status is ok."
CHILD = "The child's text is output, the statement is ok"
WHY_CHILD = ("The worker speaks on descriptors of its own. Livy's falls out of step for good: nobody can "
             "rely on answers that belong to another statement.")
DIES = "The statement that ended the interpreter says so"
WHY_DIES = "In the recording the answers were already out of step; in step a real Livy says the same."

DIFFERENCES = [
    Difference(BOTH, "version", "body.livyd", r'".+"', "A field more: livyd's own version",
               "The daemon knows by it that this endpoint is of its own build, or an older one to drain."),
    Difference(DEFAULT, "exception at the top / result", "body.output.traceback",
               r'.*last\):\\n", "  File \\"<stdin>\\", line 2, in <module>\\n", "ZeroDivisionError.*',
               TOP_FRAME, WHY_FRAMES),
    Difference(DEFAULT, "exception at the top / result", "body.output.data", r'\{"text/plain": "before"\}',
               KEPT, WHY_KEPT),
    Difference(DEFAULT, "exception in a function / result", "body.output.traceback",
               r'.*line 4, in <module>\\n", "  File \\"<stdin>\\", line 2, in f\\n".*',
               TOP_FRAME, WHY_FRAMES),
    Difference(DEFAULT, "exception with a cause / result", "body.output.traceback", CHAINED,
               "The chained cause is there", "Livy drops it; it is often the real reason."),
    Difference(DEFAULT, "exit / result", "body.output.traceback",
               r'.*line 2, in <module>\\n", "SystemExit: 3\\n"\]', TOP_FRAME, WHY_FRAMES),
    Difference(DEFAULT, "input / result", "body.output.traceback",
               r'.*line 1, in <module>\\n", "EOFError: EOF when reading a line\\n"\]',
               TOP_FRAME, WHY_FRAMES),
    Difference(DEFAULT, "input / result", "body.output.data", r'\{"text/plain": "name\?"\}',
               KEPT, WHY_KEPT),
    Difference(DEFAULT, "fd 1 desynchronises / result", "body.output.status", '"ok"', CHILD, WHY_CHILD),
    Difference(DEFAULT, "fd 1 desynchronises / result", "body.output.data",
               r'\{"text/plain": "from a child\\n0"\}', CHILD, WHY_CHILD),
    Difference(DEFAULT, "fd 1 desynchronises / result", "body.output.ename", ABSENT, CHILD, WHY_CHILD),
    Difference(DEFAULT, "fd 1 desynchronises / result", "body.output.evalue", ABSENT, CHILD, WHY_CHILD),
    Difference(DEFAULT, "fd 1 desynchronises / result", "body.output.traceback", ABSENT, CHILD, WHY_CHILD),
    Difference(DEFAULT, "after fd 1 / result", "body.output.data.text/plain", "\"'second'\"",
               "The answer belongs to its statement", WHY_CHILD),
    Difference(DEFAULT, "long: after", "body.output.data.text/plain", r'"0(\\n\d+){0,30}"',
               "What was printed until the cancel interrupted Python",
               "Livy lets the statement run on to its end (LIVY-786): nobody can rely on that."),
    Difference(DEFAULT, "interpreter dies / result", "body.output.status", '"error"', DIES, WHY_DIES),
    Difference(DEFAULT, "interpreter dies / result", "body.output.data", ABSENT, DIES, WHY_DIES),
    Difference(DEFAULT, "interpreter dies / result", "body.output.ename", '"Error"', DIES, WHY_DIES),
    Difference(DEFAULT, "interpreter dies / result", "body.output.evalue", r'"Interpreter died:.*',
               DIES, WHY_DIES),
    Difference(DEFAULT, "interpreter dies / result", "body.output.traceback", r"\[\]", DIES, WHY_DIES),
    Difference(DEFAULT, "dead interpreter: state", "body.state", '"error"',
               "The session says at once that its interpreter died", WHY_DIES),
]


def expected(step, mode):
    return {row.path: row for row in DIFFERENCES if step in row.steps and mode in row.modes}


# What the recording cannot show: (what, why, the test that holds it).
BEYOND = [
    ("Every request needs the bearer token of the endpoint's first line; without it 401.",
     "A Livy on this machine would run code for every user of the machine.",
     "test_security.py::test_without_the_token_everything_is_401"),
    ("A request with an `Origin` header, or with a `Host` that is not loopback, is refused.",
     "A web page must not reach it.",
     "test_security.py::test_a_request_of_a_web_page_is_refused"),
    ("By default, text printed before an exception stands in `data` beside the error.",
     "Livy loses it; clients read `data` only when the status is ok.",
     "test_statements.py::test_printed_text_before_an_error"),
    ("By default, cancelling a running Python statement interrupts it.",
     "Livy waits 30 s and goes on running it (LIVY-786).",
     "test_cancel.py::test_a_running_statement_is_cancelled_and_the_session_goes_on"),
    ("By default, a child process that writes to descriptor 1 does not put the session out of step.",
     "No client can rely on answers that belong to the statement before.",
     "test_statements.py::test_a_child_that_writes_to_fd_1"),
    ("By default, a value that JSON cannot hold (`%json` of an object) is an ordinary error.",
     "Livy's interpreter dies of it, and the session with it.",
     "test_statements.py::test_a_value_that_json_cannot_hold"),
    ("Without PySpark a session is plain Python; `spark`, `sc` and SQL raise an error that says how "
     "to install it.",
     "A newcomer runs code before installing 300 MB.",
     "test_plain_python.py::test_using_spark_says_how_to_install_it"),
]

HEAD = """# Where `livyd local` differs from a real Livy

The embedded endpoint is held against one recorded conversation with Apache Livy 0.9.0
(`tests/data/livy-0.9.0.jsonl`), step by step: status, content type, form of the body, fields,
values and texts. What differs on purpose stands here; everything else is the same. `default` is
`livyd local`, `strict` is `livyd local --strict`, which is as bad as Livy where Livy is bad.

This page is printed from `tests/contract/conversation/differences.py` (in `tests/contract`:
`python -m conversation.differences`); the contract tests hold each row, and fail when it is missing
or no longer true.

## In the recorded conversation

| step | where | `livyd local` | mode | why |
|---|---|---|---|---|
"""

TAIL = """
## Beyond the recording

| what | why | held by |
|---|---|---|
"""


def document():
    def cell(text):
        return text.replace("|", "\\|").replace("\n", " ")

    # Several places of one step that differ for one reason are one line for the reader.
    places = {}
    for row in DIFFERENCES:
        where = (", ".join(row.steps), cell(row.shown), " and ".join(row.modes), cell(row.why))
        places.setdefault(where, []).append(f"`{row.path}`")
    rows = "".join(f"| {step} | {', '.join(paths)} | {shown} | {modes} | {why} |\n"
                   for (step, shown, modes, why), paths in places.items())
    beyond = "".join(f"| {cell(what)} | {cell(why)} | `{test}` |\n" for what, why, test in BEYOND)
    return HEAD + rows + TAIL + beyond


if __name__ == "__main__":
    with open(DOCUMENT, "w", encoding="utf-8") as file:
        file.write(document())
