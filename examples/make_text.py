"""Writes a long text out of a short one, the same every time: each word is followed by a word that
followed it in the short text. `python3 examples/make_text.py LICENSE build/wordcount.txt`
"""
import sys

AT_LEAST = 1_200_000  # bytes


def numbers(seed):
    """A linear congruential generator (Knuth's MMIX): unlike `random`, fixed for all time."""
    while True:
        seed = (6364136223846793005 * seed + 1442695040888963407) % 2**64
        yield seed >> 33


def long_text(short_text, size):
    words = short_text.split()
    followers = {}
    for word, follower in zip(words, words[1:] + words[:1]):
        followers.setdefault(word, []).append(follower)
    lines, line, written = [], [], 0
    word = words[0]
    for number in numbers(seed=3):
        if len(line) == 12:
            lines.append(" ".join(line))
            written += len(lines[-1]) + 1
            line = []
            if written >= size:
                return "\n".join(lines) + "\n"
        line.append(word)
        word = followers[word][number % len(followers[word])]


if __name__ == "__main__":
    source, target = sys.argv[1:3]
    with open(source, encoding="utf-8") as file:
        text = long_text(file.read(), size=AT_LEAST)
    with open(target, "w", encoding="utf-8") as file:
        file.write(text)
