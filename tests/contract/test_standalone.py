"""One Python file that carries its packages: by plain Python, by spark-submit, as statements of one
session; Spark's executors are real Python processes that know nothing but what Spark gives them."""

import os
import subprocess

import pytest
from conversation.command_line import Home

JOB = """
import sys
import etl.load

try:
    spark
except NameError:
    from pyspark.sql import SparkSession
    spark = SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false").getOrCreate()


def there(number):
    import etl.load
    return etl.load.version(), etl.table()


found = sorted(set(spark.sparkContext.parallelize(range(4), 2).map(there).collect()))
print("driver", etl.load.version(), "executors", found, "arguments", sys.argv[1:])
"""


@pytest.fixture
def project(tmp_path, spark_python):
    """A folder with a script, a package with data, and `build`."""
    home = Home(tmp_path / "home", spark_python)
    yield Project(home)
    home.close()


class Project:
    def __init__(self, home):
        self.home = home
        for name, text in {
            "modules/etl/__init__.py": "import pkgutil\n\n\ndef table():\n"
                                       "    return pkgutil.get_data('etl', 'table.csv').decode()\n",
            "modules/etl/table.csv": "a;b",
            # Each needs the other.
            "modules/etl/load.py": "from etl import names\n\n\ndef version():\n    return names.prefix() + '1'\n",
            "modules/etl/names.py": "from etl import load\n\n\ndef prefix():\n    return load.__name__[-4:]\n",
            "job.py": JOB,
        }.items():
            self.write(name, text)

    def write(self, name, text):
        os.makedirs(os.path.dirname(os.path.join(self.home.work, name)), exist_ok=True)
        self.home.write(name, text)

    def build(self, out, *arguments):
        """Beside the project, where nothing of it can be imported by chance."""
        path = os.path.join(self.home.folder, out)
        ended = self.home.run("standalone", "-o", path, *arguments)
        assert ended.code == 0, ended.err
        return path

    def run(self, *command):
        place = os.path.join(self.home.folder, "elsewhere")
        os.makedirs(place, exist_ok=True)
        done = subprocess.run(command, cwd=place, env=self.home.environment, capture_output=True,
                              text=True, timeout=180, check=False)
        return done.returncode, done.stdout, done.stderr


def test_executors_import_what_a_program_carries(project, spark_python):
    program = project.build("job_standalone.py", "job.py", "--", "x", "y z")
    code, out, err = project.run(spark_python, program)
    assert code == 0, err[-3000:]
    assert "driver load1 executors [('load1', 'a;b')] arguments ['x', 'y z']" in out
    code, out, err = project.run(spark_python, program, "given")
    assert "arguments ['given']" in out, err[-3000:]


def test_spark_submit_runs_it(project, spark_python):
    program = project.build("job_standalone.py", "job.py")
    submit = os.path.join(os.path.dirname(spark_python), "spark-submit")
    project.home.environment["PYSPARK_PYTHON"] = spark_python
    code, out, err = project.run(submit, "--master", "local[2]", program, "given")
    assert code == 0, err[-3000:]
    assert "driver load1 executors [('load1', 'a;b')] arguments ['given']" in out


def test_a_failure_on_an_executor_shows_the_line(project, spark_python):
    project.write("modules/etl/load.py", "def version():\n    raise ValueError('bad row')  # here\n")
    project.write("job.py", JOB.replace('etl.load.version(), "executors"', '"executors"'))
    code, _, err = project.run(spark_python, project.build("job_standalone.py", "job.py"))
    assert code == 1
    assert "raise ValueError('bad row')  # here" in err
    assert 'File "job.py", line 17, in <module>' in err


@pytest.mark.parametrize("spark_server", ["default", "strict"], indirect=True, scope="module")
def test_newer_packages_win_in_one_session_and_on_its_executors(project, spark_server):
    def code_of(path):
        with open(path, encoding="utf-8") as file:
            return file.read()

    session = spark_server.client.create(kind="pyspark").wait_idle(180)
    try:
        first = code_of(project.build("first.py", "job.py", "--", "1"))
        text = session.text(first, seconds=120)
        assert "driver load1 executors [('load1', 'a;b')] arguments ['1']" in text
        project.write("modules/etl/load.py",
                      "from etl import names\n\n\ndef version():\n    return names.prefix() + '2'\n")
        project.write("modules/etl/table.csv", "c;d")
        second = code_of(project.build("second.py", "job.py", "--", "2"))
        text = session.text(second, seconds=120)
        assert "driver load2 executors [('load2', 'c;d')] arguments ['2']" in text
        text = session.text(first, seconds=120)
        assert "driver load1 executors [('load1', 'a;b')] arguments ['1']" in text
    finally:
        session.delete()
