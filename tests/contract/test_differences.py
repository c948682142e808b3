"""The table of differences: its rows are of the recording, its tests exist, its page is fresh."""

import os
import re

import pytest
from conversation import differences, recording

STEPS = recording.steps()
HERE = os.path.dirname(os.path.abspath(__file__))


def test_every_row_is_of_a_recorded_step_and_says_why():
    for row in differences.DIFFERENCES:
        assert set(row.steps) <= set(STEPS), row.steps
        assert row.why and row.shown and re.compile(row.says)


def test_no_step_has_two_rows_for_one_place():
    for mode in differences.BOTH:
        for step in STEPS:
            rows = [row.path for row in differences.DIFFERENCES if step in row.steps and mode in row.modes]
            assert len(rows) == len(set(rows)), (step, rows)


@pytest.mark.parametrize("test", [test for _, _, test in differences.BEYOND])
def test_what_is_beyond_the_recording_is_held_by_a_test(test):
    file, name = test.split("::")
    with open(os.path.join(HERE, file), encoding="utf-8") as source:
        assert f"def {name}(" in source.read()


def test_the_page_is_fresh():
    with open(differences.DOCUMENT, encoding="utf-8") as page:
        assert page.read() == differences.document(), \
            "run `python -m conversation.differences` in tests/contract"
