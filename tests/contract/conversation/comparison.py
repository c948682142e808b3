"""Says in what two answers to the same request differ; knows which values cannot be the same twice.

A difference is a path (`status`, `content type`, `location`, `form`, `text`, `body.output.ename`…)
with the recorded and the seen value.
"""

import json
import re

from . import side_channel
from .recording import CUT, RECORDED_NAME

ABSENT = "(absent)"
LIVE_STATES = ("waiting", "running", "available")


def form(seen):
    """object, list, string, html or empty: what a client has to be ready for."""
    if not seen.text:
        return "empty", None
    if "json" not in seen.content_type and seen.content_type:
        return ("html" if "html" in seen.content_type else "other"), seen.text
    try:
        value = json.loads(seen.text)
    except ValueError:
        return "broken", seen.text
    names = {dict: "object", list: "list", str: "string"}
    return names.get(type(value), type(value).__name__), value


def kind_of(value):
    if isinstance(value, bool) or value is None:
        return str(value)
    return "number" if isinstance(value, (int, float)) else type(value).__name__


def first_line(text):
    return text.split("\n")[0]


def normal_text(text):
    """A message without ids that differ from one conversation to the next."""
    text = re.sub(r"(NoSuchElementException: )([0-9a-f]{8}-[0-9a-f-]{27}|job \d+)$", r"\1<job>",
                  first_line(text))
    return re.sub(r"(Session '|for session )(?!9{6})\d+", r"\1<id>", text)


def same_type(recorded, seen):
    return kind_of(recorded) == kind_of(seen)


def same_text(recorded, seen):
    if not isinstance(recorded, str) or not isinstance(seen, str):
        return recorded == seen
    return normal_text(recorded) == normal_text(seen)


def both_lines(recorded, seen):
    """Lists of lines that nobody can predict: only their form is compared."""
    return isinstance(seen, list) and all(isinstance(line, str) for line in seen) \
        and bool(recorded) == bool(seen)


def both_set(recorded, seen):
    return same_type(recorded, seen) and bool(recorded) == bool(seen)


def live_state(recorded, seen):
    return seen in LIVE_STATES


def anything(recorded, seen):
    return True


def job_value(recorded, seen):
    if recorded is None or seen is None:
        return recorded is seen
    return kind_of(side_channel.value(recorded)) == kind_of(side_channel.value(seen))


def spark_message(recorded, seen):
    """The first two lines of a Py4JJavaError, without the number of the job."""
    def plain(text):
        return [re.sub(r"\d+", "<n>", line) for line in text.split("\n")[:2]]
    return same_type(recorded, seen) and plain(recorded) == plain(seen)


def cut_text(recorded, seen):
    """The recorded text is cut in the middle and says how long the whole answer was."""
    return bool(CUT.search(recorded)) and seen == recorded[0] * 1000000


# (step, path, rule): the first that fits both decides; without one values must be equal.
RULES = [(re.compile(step), re.compile(path), rule) for step, path, rule in [
    (r"version", r"body\..*", same_type),
    (r".*", r"body(\.sessions\.\d+)?\.(log)", both_lines),
    (r"(create|starting|idle|dead|deleted|log|long: session).*", r"body(\.sessions\.\d+)?\.(id|name)",
     same_type),
    (r"log(: all|: size 3)?", r"body\.from", same_type),
    (r"log.*", r"body\.total", same_type),
    (r".* / post", r"body\.state", live_state),
    (r".* / post", r"body\.output(\..*)?", anything),
    (r".* / post", r"body\.(progress|started|completed)", same_type),
    (r".*", r"body\.(statements\.\d+\.)?(started|completed)", both_set),
    (r"(spark )?long: running", r"body\.progress", same_type),
    (r"one megabyte / result", r"body\.output\.data\.text/plain", cut_text),
    (r"spark long: after", r"body\.output\.evalue", spark_message),
    (r"(sql error|spark long).*", r"body\.output\.traceback", both_lines),
    (r"sql error / result", r"body\.output\.evalue", same_text),
    (r"fd 1 .*", r"body\.output\.evalue", same_text),
    (r".*job result", r"body\.result", job_value),
    (r".*job result", r"body\.id", same_type),
    (r".*(submit-job|job again)|job: unknown type", r"body\.id", same_type),
    (r".*job result", r"body\.error", same_text),
    (r".*", r"body\.msg", same_text),
    (r".*", r"text", same_text),
]]


def rule_of(step, path):
    for step_pattern, path_pattern, rule in RULES:
        if step_pattern.fullmatch(step) and path_pattern.fullmatch(path):
            return rule
    return None


def branches(value):
    if isinstance(value, dict):
        return value
    if isinstance(value, list):
        return dict(enumerate(value))
    return None


def compare_values(step, path, recorded, seen, found):
    rule = rule_of(step, path)
    if rule:
        if ABSENT in (recorded, seen) or not rule(recorded, seen):
            found[path] = (recorded, seen)
        return
    ours, theirs = branches(recorded), branches(seen)
    if path.endswith(".traceback"):
        ours = theirs = None  # One text in lines: compared as a whole.
    if ours is None or theirs is None or type(recorded) is not type(seen):
        if recorded != seen or kind_of(recorded) != kind_of(seen):
            found[path] = (recorded, seen)
        return
    for key in list(ours) + [key for key in theirs if key not in ours]:
        inner = f"{path}.{key}"
        if rule_of(step, inner) is anything:
            continue
        compare_values(step, inner, ours.get(key, ABSENT), theirs.get(key, ABSENT), found)


def without_ids(location):
    return re.sub(r"/sessions/\d+", "/sessions/<id>", location) if location else None


def compare(step, recorded, seen, foreign=False):
    """All differences of one step, by path."""
    found = {}
    if recorded.status != seen.status:
        found["status"] = (recorded.status, seen.status)
    if recorded.content_type != seen.content_type:
        found["content type"] = (recorded.content_type, seen.content_type)
    if without_ids(recorded.location) != without_ids(seen.location):
        found["location"] = (recorded.location, seen.location)
    (recorded_form, recorded_body), (seen_form, seen_body) = form(recorded), form(seen)
    if recorded_form != seen_form:
        found["form"] = (recorded_form, seen_form)
    elif recorded_form == "string":
        compare_values(step, "text", recorded_body, seen_body, found)
    else:
        if foreign:
            seen_body = only_ours(recorded_body, seen_body)
        compare_values(step, "body", recorded_body, seen_body, found)
    return found


def only_ours(recorded_body, seen_body):
    """A server of somebody else's holds sessions of somebody else's."""
    if not isinstance(seen_body, dict) or "sessions" not in seen_body:
        return seen_body
    mine = [one for one in seen_body["sessions"] if str(one.get("name")).startswith(RECORDED_NAME)]
    return {**seen_body, "sessions": mine, "total": recorded_body["total"]}
