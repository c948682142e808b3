"""Counts the words of a text with Spark and prints the most frequent ones.

    livyd run --profile local examples/wordcount.py -- TEXT [HOW_MANY]

Or open the file in VS Code, select the last lines and press the key: the names above them are still
there from the run before.
"""
import os
import sys

from pyspark.sql import SparkSession
from pyspark.sql import functions as f

path = os.path.abspath(sys.argv[1])
how_many = int(sys.argv[2]) if len(sys.argv) > 2 else 10

spark = SparkSession.builder.getOrCreate()
lines = spark.read.text("file://" + path)
words = lines.select(f.explode(f.split(f.lower("value"), "[^a-z]+")).alias("word")).where("word <> ''")
counts = words.groupBy("word").count().orderBy(f.desc("count"), "word").cache()

print(f"{words.count():,} words, {counts.count():,} different, in {os.path.getsize(path):,} bytes")
for word, count in counts.limit(how_many).collect():
    print(f"{word:<12}{count:>8}")
