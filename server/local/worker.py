"""The Python side of one session of the embedded endpoint: a shell that answers requests line by
line under the names of Livy's own shell, and a channel beside it for jobs, SQL and Spark control.

Started as: worker.py strict|default CHANNEL_FD [PROTOCOL_FD]; it works in the folder "files" beside it.
  strict   requests on fd 0, replies on fd 1, as badly as Livy does it;
  default  both on the private PROTOCOL_FD, so that nothing a cell does can disturb them.
Sources of the behaviour: docs/livy-differences.md and the recording in tests/data; no code is Livy's.
"""
import ast
import base64
import codecs
import datetime
import decimal
import io
import json
import os
import pickle
import queue
import select
import signal
import sys
import threading
import time
import traceback

STRICT = False
SOURCE_NAME = '<stdin>'  # what the user's code is called in tracebacks
SQL_ROW_LIMIT = 1000     # livy.rsc.sql.num-rows
JOB_LIMIT = 128          # jobs that run at once; more wait
SPARK_SECONDS = 5        # what the cancelling of a job group gets before Python is interrupted

global_dict = {}         # the user's namespace; __name__ in it is 'builtins', as in Livy
job_context = None
log_stream = sys.stderr  # the session's log


# Replies ------------------------------------------------------------------------------------------

def execute_reply(status, content):
    return {'msg_type': 'execute_reply', 'content': dict(content, status=status)}


def execute_reply_ok(data):
    return execute_reply('ok', {'data': data})


def execute_reply_error(exc_type, exc_value, tb):
    if STRICT:
        note('ERROR:fake_shell:execute_reply')
        note(traceback.format_exc().rstrip())
    if STRICT:
        # A value that is no exception ends Python 3.10 and newer here, as it ends Livy's shell.
        lines = traceback.format_exception(exc_type, exc_value, user_frames(tb), chain=False)
        lines = without_top_frame(lines)
    elif isinstance(exc_value, BaseException):
        lines = traceback.format_exception(exc_type, exc_value, user_frames(tb))
    else:
        lines = ['%s: %s\n' % (exc_type.__name__, exc_value)]
    return execute_reply('error', {
        'ename': str(exc_type.__name__),
        'evalue': str(exc_value),
        'traceback': lines,
    })


def execute_reply_internal_error(message, exc_info=None):
    note('internal error: %s' % message)
    return execute_reply('error', {
        'ename': 'InternalError', 'evalue': message, 'traceback': []})


def user_frames(tb):
    """The part of a traceback below the shell."""
    while tb is not None and tb.tb_frame.f_code.co_filename == __file__:
        tb = tb.tb_next
    return tb


def without_top_frame(lines):
    """Livy drops the frame that would tell the line in the cell."""
    for index, line in enumerate(lines):
        if line.lstrip().startswith('File "%s"' % SOURCE_NAME) and ' in <module>' in line:
            return lines[:1] + lines[index + 1:]
    return lines


def note(text):
    """A line for the session's log."""
    try:
        log_stream.write(text + '\n')
        log_stream.flush()
    except (OSError, ValueError):
        pass


# Code ---------------------------------------------------------------------------------------------

class ExecutionError(Exception):
    def __init__(self, exc_info):
        Exception.__init__(self, exc_info)
        self.exc_info = exc_info


class UnknownMagic(Exception):
    pass


# Interrupting -------------------------------------------------------------------------------------

class Interruption(object):
    """Default mode: a cancelled statement's Python is stopped, and no other. SIGINT is blocked
    outside user code; one that comes late finds another statement and does nothing."""

    def __init__(self):
        self.statement = None  # the statement whose request is being served
        self.running = None    # the same, while its user code runs
        self.wanted = None     # the statement that was cancelled
        self.wanted_at = 0.0
        self.sent_at = -10.0   # when the last signal of ours was sent; it may arrive late
        self.done = None       # the statement that has been interrupted already
        self.owner = os.getpid()

    def __enter__(self):
        if STRICT or self.statement is None:
            return
        signal.signal(signal.SIGINT, self.handle)
        self.running = self.statement
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])

    def __exit__(self, *_failure):
        while self.running is not None:
            try:
                signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
                self.running = None
            except KeyboardInterrupt:  # of a handler that the cell installed; ours raises none here
                pass

    def handle(self, number, frame):
        if os.getpid() != self.owner:  # a forked child of a cell
            signal.default_int_handler(number, frame)
        if self.running is None or self.running == self.done:
            return
        if time.monotonic() > self.sent_at + 1:
            raise KeyboardInterrupt  # somebody else's: a job of the side channel, a kill -INT
        if self.running != self.wanted:
            return
        # The shell's own code (print, say) is never torn: the signal comes again.
        if frame is None or frame.f_globals is globals():
            return
        if time.monotonic() < self.wanted_at + SPARK_SECONDS and calls_spark(frame):
            return
        self.done = self.running
        raise KeyboardInterrupt

    def ask(self, statement):
        """On the channel's thread; asked again while the statement is being cancelled."""
        if self.wanted != statement:
            # The job group goes first: what waits for Spark ends with Spark's own words.
            self.wanted_at = time.monotonic()
            self.wanted = statement
            return
        for _ in range(10):
            if self.running != statement or self.done == statement:
                return
            if signal.getsignal(signal.SIGINT) != self.handle:
                self.done = statement  # a handler of the cell's own gets one signal
            self.sent_at = time.monotonic()
            signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)
            time.sleep(0.005)

    def was_asked(self):
        return self.statement is not None and self.statement == self.wanted


def calls_spark(frame):
    """A call into the JVM ends with its job group; an interrupt would cost it its connection."""
    while frame is not None:
        if str(frame.f_globals.get('__name__')).partition('.')[0] in ('py4j', 'pyspark'):
            return True
        frame = frame.f_back
    return False


interruption = Interruption()


class NormalNode(object):
    """Python without magics: all but the last statement run silently, the last one shows its value."""

    def __init__(self, code):
        self.code = compile(code, SOURCE_NAME, 'exec', ast.PyCF_ONLY_AST, True)

    def execute(self):
        silent, shown = self.code.body[:-1], self.code.body[-1:]
        try:
            with interruption:
                for node in silent:
                    exec(compile(ast.Module([node], []), SOURCE_NAME, 'exec'), global_dict)
                for node in shown:
                    exec(compile(ast.Interactive([node]), SOURCE_NAME, 'single'), global_dict)
        except BaseException:
            raise ExecutionError(sys.exc_info())


class MagicNode(object):
    """A line "%name argument"."""

    def __init__(self, line):
        name, separator, rest = line[1:].partition(' ')
        self.magic = name
        self.rest = (rest,) if separator else ()

    def execute(self):
        if not self.magic:
            raise UnknownMagic('magic command not specified')
        if self.magic not in magic_router:
            raise UnknownMagic("unknown magic command '%s'" % self.magic)
        return magic_router[self.magic](*self.rest)


def parse_code_into_nodes(code):
    """The whole as one node when it parses as Python; else split at the lines that start with %."""
    try:
        return [NormalNode(code)]
    except SyntaxError:
        if not any(line.startswith('%') for line in code.rstrip().split('\n')):
            raise
    nodes, pending = [], []

    def flush():
        if pending:
            nodes.append(NormalNode('\n'.join(pending)))
            del pending[:]

    for line in code.rstrip().split('\n'):
        if line.startswith('%'):
            flush()
            nodes.append(MagicNode(line))
        else:
            pending.append(line)
    flush()
    return nodes


def execute_request(content):
    if 'code' not in content:
        return execute_reply_internal_error('Malformed message: content object missing "code"')
    try:
        nodes = parse_code_into_nodes(content['code'])
    except SyntaxError:
        exc_type, exc_value, _ = sys.exc_info()
        return execute_reply_error(exc_type, exc_value, None)
    except ValueError:  # a NUL in the code; Livy's shell dies of it
        if STRICT:
            raise
        exc_type, exc_value, _ = sys.exc_info()
        return execute_reply_error(exc_type, exc_value, None)

    result = None
    try:
        for node in nodes:
            result = node.execute()
    except UnknownMagic:
        exc_type, exc_value, _ = sys.exc_info()
        return with_output(execute_reply_error(exc_type, exc_value, None))
    except ExecutionError as error:
        return reply_to_failure(*error.exc_info)
    return execute_reply_ok(with_printed_text({} if result is None else result))


def reply_to_failure(exc_type, exc_value, tb):
    """A cancelled statement keeps what it printed so far as its output, as one of Livy's does."""
    if issubclass(exc_type, KeyboardInterrupt) and interruption.was_asked():
        return execute_reply_ok(with_printed_text({}))
    return with_output(execute_reply_error(exc_type, exc_value, tb))


def with_printed_text(data):
    text = data.pop('text/plain', '') + take_output()
    text = text.rstrip()
    if text or not data:
        data['text/plain'] = text
    return data


def with_output(reply):
    """Keeps what a failed cell printed: Livy loses it, and so does strict mode."""
    if not STRICT:
        text = take_output().rstrip()
        if text:
            reply['content']['data'] = {'text/plain': text}
    return reply


def take_output():
    if not STRICT:
        restore_output()
    text = sys.stdout.getvalue() + sys.stderr.getvalue()
    clearOutputs()
    return text


# Magics -------------------------------------------------------------------------------------------

def table_cell(value):
    convert = magic_table_types.get(type(value), magic_table_types[str])
    return convert(value)


def one_type(seen, found):
    if seen is not None and seen != found:
        raise ValueError('value has inconsistent types')
    return found


def table_sequence(items):
    seen, cells = None, []
    for item in items:
        found, cell = table_cell(item)
        seen = one_type(seen, found)
        cells.append(cell)
    return 'ARRAY_TYPE', cells


def table_map(mapping):
    keys_seen, values_seen, cells = None, None, {}
    for key, value in mapping.items():
        found, key = table_cell(key)
        keys_seen = one_type(keys_seen, found)
        found, value = table_cell(value)
        values_seen = one_type(values_seen, found)
        cells[key] = value
    return 'MAP_TYPE', cells


magic_table_types = {
    type(None): lambda value: ('NULL_TYPE', value),
    bool: lambda value: ('BOOLEAN_TYPE', value),
    int: lambda value: ('INT_TYPE', value),
    float: lambda value: ('DOUBLE_TYPE', value),
    str: lambda value: ('STRING_TYPE', str(value)),
    datetime.date: lambda value: ('DATE_TYPE', str(value)),
    datetime.datetime: lambda value: ('TIMESTAMP_TYPE', str(value)),
    decimal.Decimal: lambda value: ('DECIMAL_TYPE', str(value)),
    tuple: table_sequence,
    list: table_sequence,
    dict: table_map,
}


def table_row(row):
    """The named cells of one row: by key for mappings, by position otherwise."""
    if row.__class__.__name__ == 'Row':
        row = row.asDict()
    if isinstance(row, dict):
        return sorted(row.items())
    return list(enumerate(row if isinstance(row, (list, tuple)) else [row]))


class MixedColumn(Exception):
    pass


def add_column(headers, name, kind):
    header = headers.setdefault(name, {'name': str(name), 'type': kind})
    if header['type'] == 'NULL_TYPE':
        header['type'] = kind
    elif kind not in ('NULL_TYPE', header['type']):
        raise MixedColumn()


def magic_table(name):
    if name not in global_dict:
        return execute_reply_error(KeyError, KeyError(name), None)
    value = global_dict[name]
    headers, data = {}, []
    try:
        for row in value if isinstance(value, (list, tuple)) else [value]:
            cells = []
            for column, cell in table_row(row):
                kind, cell = table_cell(cell)
                add_column(headers, column, kind)
                cells.append(cell)
            data.append(cells)
    except MixedColumn:
        return execute_reply_error(Exception, 'table rows have different types', None)
    ordered = [headers[key] for key in sorted(headers)]
    return {'application/vnd.livy.table.v1+json': {'headers': ordered, 'data': data}}


def magic_json(name):
    if name not in global_dict:
        return execute_reply_error(KeyError, KeyError(name), None)
    return {'application/json': global_dict[name]}


def magic_matplot(name):
    try:
        image = io.BytesIO()
        global_dict[name].gcf().savefig(image, format='png')
    except Exception:
        exc_type, exc_value, _ = sys.exc_info()
        return execute_reply_error(exc_type, exc_value, None)
    return {'image/png': base64.b64encode(image.getvalue()).decode('ascii'), 'text/plain': ''}


magic_router = {'table': magic_table, 'json': magic_json, 'matplot': magic_matplot}


def shutdown_request(_content):
    sys.exit()


msg_type_router = {'execute_request': execute_request, 'shutdown_request': shutdown_request}


# Output -------------------------------------------------------------------------------------------

class UnicodeDecodingStringIO(io.StringIO):
    """What print writes to; bytes are taken as UTF-8."""

    def write(self, text):
        if isinstance(text, bytes):
            text = text.decode('utf-8', 'strict' if STRICT else 'replace')
        super(UnicodeDecodingStringIO, self).write(text)  # Livy's returns nothing either


class CapturedDescriptor(UnicodeDecodingStringIO):
    """The same, and besides what C code and child processes write to one file descriptor, in the
    order of writing: the pipe is emptied before each print. A thread keeps it from filling up."""

    def __init__(self, number):
        UnicodeDecodingStringIO.__init__(self)
        self.lock = threading.RLock()
        self.decoder = codecs.getincrementaldecoder('utf-8')('replace')
        self.pipe, entrance = os.pipe()
        os.set_blocking(self.pipe, False)
        os.dup2(entrance, number)
        os.close(entrance)
        os.register_at_fork(after_in_child=self.forget_lock)
        thread = threading.Thread(target=self.follow, name='livyd fd %d' % number)
        thread.daemon = True
        thread.start()

    def forget_lock(self):
        self.lock = threading.RLock()

    def follow(self):
        waiting = select.poll()
        waiting.register(self.pipe, select.POLLIN)
        while True:
            waiting.poll()
            with self.lock:
                if not self.drain():
                    return

    def drain(self):
        """False at the end of the pipe."""
        while True:
            try:
                piece = os.read(self.pipe, 65536)
            except BlockingIOError:
                return True
            if not piece:
                return False
            UnicodeDecodingStringIO.write(self, self.decoder.decode(piece))

    def write(self, text):
        with self.lock:
            self.drain()
            UnicodeDecodingStringIO.write(self, text)

    def getvalue(self):
        with self.lock:
            self.drain()
            return UnicodeDecodingStringIO.getvalue(self)

    def clear(self):
        with self.lock:
            self.seek(0)
            self.truncate(0)

    def close(self):
        """A cell that closes sys.stdout must not silence the next one."""


captured = {}  # default mode: 'stdout' and 'stderr', for the life of the shell


def restore_output():
    """Undoes what a cell did to sys.stdout and sys.stderr."""
    for name, stream in captured.items():
        setattr(sys, name, stream)


def clearOutputs():
    if captured:
        for stream in captured.values():
            stream.clear()
        return
    sys.stdout.close()
    sys.stderr.close()
    sys.stdout = UnicodeDecodingStringIO()
    sys.stderr = UnicodeDecodingStringIO()


def capture_output():
    """From here on print, fd 1 and fd 2 belong to the user; in strict mode only print does."""
    global log_stream
    if STRICT:
        sys.stdout = UnicodeDecodingStringIO()
        sys.stderr = UnicodeDecodingStringIO()
        return
    import faulthandler
    private = os.dup(2)
    log_stream = os.fdopen(private, 'w', buffering=1, errors='backslashreplace')
    faulthandler.enable(file=log_stream)  # a crash must leave its last words where they are found
    captured['stdout'] = CapturedDescriptor(1)
    captured['stderr'] = CapturedDescriptor(2)
    restore_output()


# Spark --------------------------------------------------------------------------------------------

spark_session = None  # our own reference: a cell may rebind the name `spark`


def install_advice():
    return ('PySpark is not installed for %s. Install it with "%s -m pip install pyspark" (it needs '
            'Java 8, 11 or 17) and start a new session, or choose another Python with LIVYD_PYTHON.'
            % (sys.executable, sys.executable))


class MissingSpark(object):
    """Stands where `sc`, `spark` and `sqlContext` would be, and says so when it is used."""

    def setJobGroup(self, *_arguments, **_named):
        """The endpoint calls this before each statement, as Livy does."""

    def __getattr__(self, name):
        if name.startswith('_'):
            raise AttributeError(name)
        raise RuntimeError(install_advice())

    def __repr__(self):
        return '<%s>' % install_advice()


def have_java():
    import shutil
    home = os.environ.get('JAVA_HOME')
    if home:
        return os.access(os.path.join(home, 'bin', 'java'), os.X_OK)
    return shutil.which('java') is not None


def start_spark():
    """Fills the user's namespace with sc, spark and sqlContext, or with what says why not."""
    try:
        import pyspark
    except ImportError:
        for name in ('sc', 'spark', 'sqlContext'):
            global_dict[name] = MissingSpark()
        return
    if not have_java():
        raise RuntimeError(
            'PySpark %s is installed, but no Java was found%s. Install Java 17 (on Debian and '
            'Ubuntu: apt install openjdk-17-jre-headless) or set JAVA_HOME to one, then start a new '
            'session.' % (pyspark.__version__, ' in JAVA_HOME' if os.environ.get('JAVA_HOME') else
                          ': JAVA_HOME is not set and there is no java on PATH'))
    global spark_session
    os.environ['PYSPARK_PYTHON'] = os.environ['PYSPARK_DRIVER_PYTHON'] = sys.executable
    from pyspark.sql import SparkSession
    spark_session = SparkSession.builder.getOrCreate()
    global_dict['spark'] = spark_session
    global_dict['sc'] = spark_session.sparkContext
    global_dict['sqlContext'] = sql_context(spark_session)


def sql_context(session):
    import warnings
    try:
        from pyspark.sql import SQLContext
        with warnings.catch_warnings():
            warnings.simplefilter('ignore')
            return SQLContext(session.sparkContext, session)
    except ImportError:
        return session


def with_log_as_stdout(work):
    """What starts here (the JVM) inherits the log as its standard output, never the protocol."""
    saved = os.dup(1)
    os.dup2(2, 1)
    try:
        return work()
    finally:
        os.dup2(saved, 1)
        os.close(saved)


class JobContext(object):
    """What a job gets as its argument; the names are those of Livy's Python API."""

    def __init__(self):
        self.lock = threading.Lock()
        self.shared_variables = {}

    def _from_namespace(self, name):
        if spark_session is None:
            raise RuntimeError(install_advice())
        return global_dict.get(name)

    @property
    def sc(self):
        return self._from_namespace('sc')

    @property
    def sql_ctx(self):
        return self._from_namespace('sqlContext')

    @property
    def spark_session(self):
        return self._from_namespace('spark')

    @property
    def local_tmp_dir_path(self):
        return os.getcwd()

    def get_local_tmp_dir_path(self):
        return os.getcwd()

    def get_shared_object(self, name):
        with self.lock:
            return self.shared_variables.get(name)

    def set_shared_object(self, name, value):
        with self.lock:
            self.shared_variables[name] = value
            while len(self.shared_variables) > 100:
                del self.shared_variables[next(iter(self.shared_variables))]

    def remove_shared_object(self, name):
        with self.lock:
            self.shared_variables.pop(name, None)


# The channel: jobs and SQL, each on its own thread, and Spark control -------------------------------

def pickler():
    try:
        from pyspark import cloudpickle
    except ImportError:
        try:
            import cloudpickle
        except ImportError:
            return pickle
    return cloudpickle


def run_job(request):
    try:
        job = pickle.loads(base64.b64decode(request['job']), encoding='bytes')
        result = pickler().dumps(job(job_context))
        return {'result': base64.b64encode(base64.b64encode(result)).decode('ascii')}
    except BaseException:
        return {'error': 'Client job error:' + traceback.format_exc()}


def run_sql(request):
    if spark_session is None:
        return {'status': 'error', 'ename': 'RuntimeError', 'evalue': install_advice(),
                'traceback': []}
    try:
        context = spark_session.sparkContext
        context.setJobGroup(request['group'], 'Job group for statement %s' % request['group'])
        frame = spark_session.sql(request['code'])
        rows = [[sql_value(value) for value in row] for row in frame.take(SQL_ROW_LIMIT)]
        # The JVM's own text: PySpark's sorts the keys.
        table = {'schema': json.loads(frame._jdf.schema().json()), 'data': rows}
        return {'status': 'ok', 'data': {'application/json': table}}
    except Exception as error:
        message, frames = java_words(error)
        return {'status': 'error', 'ename': 'Error', 'evalue': message, 'traceback': frames}


def sql_value(value):
    if isinstance(value, float):
        return value if value - value == 0 else None  # NaN and infinities are no JSON
    if isinstance(value, decimal.Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, datetime.datetime):
        return value.strftime('%Y-%m-%dT%H:%M:%SZ')
    if isinstance(value, (bytes, bytearray)):
        return list(value)
    if hasattr(value, 'asDict'):
        return dict((key, sql_value(item)) for key, item in value.asDict().items())
    if isinstance(value, dict):
        return dict((str(key), sql_value(item)) for key, item in value.items())
    if isinstance(value, (list, tuple)):
        return [sql_value(item) for item in value]
    if value is None or isinstance(value, (bool, int, str)):
        return value
    return str(value)


def java_words(error):
    """Message and stack of the Java exception behind a PySpark error, where there is one."""
    origin = getattr(error, '_origin', None) or getattr(error, 'java_exception', None)
    if origin is None:
        return str(error), traceback.format_exc().splitlines(True)
    return origin.getMessage(), [frame.toString() for frame in origin.getStackTrace()]


def cancel_group(request):
    if not STRICT:
        interruption.ask(request['group'])
    if spark_session is not None:
        spark_session.sparkContext.cancelJobGroup(request['group'])
    return {}


def progress(request):
    """Finished tasks of all tasks in the stages known so far, as Livy counts."""
    if spark_session is None:
        return {'progress': 0.0}
    tracker = spark_session.sparkContext.statusTracker()
    tasks = finished = 0
    for job in tracker.getJobIdsForGroup(request['group']):
        known = tracker.getJobInfo(job)
        for stage in known.stageIds if known else []:
            stage_info = tracker.getStageInfo(stage)
            if stage_info:
                tasks += stage_info.numTasks
                finished += stage_info.numCompletedTasks
    return {'progress': finished / float(tasks) if tasks else 0.0}


def add_file(request):
    """A file that arrived beside the driver: importable here, and known to the executors."""
    import importlib
    path = request['path']
    if request['python']:
        if path.endswith(('.zip', '.egg', '.jar')) and path not in sys.path:
            sys.path.insert(1, path)
        elif path.endswith('.py') and os.path.dirname(path) not in sys.path:
            sys.path.insert(1, os.path.dirname(path))
        importlib.invalidate_caches()
    if spark_session is not None:
        context = spark_session.sparkContext
        (context.addPyFile if request['python'] else context.addFile)(path)
    return {}


channel_router = {'job': run_job, 'sql': run_sql, 'cancel_group': cancel_group,
                  'progress': progress, 'add_file': add_file}


class Channel(object):
    """One JSON object a line, both ways; a reply carries the id of its request."""

    def __init__(self, descriptor):
        os.set_inheritable(descriptor, False)
        self.reader = os.fdopen(descriptor, 'r', encoding='utf-8', closefd=False)
        self.descriptor = descriptor
        self.lock = threading.Lock()
        self.slots = threading.BoundedSemaphore(JOB_LIMIT)
        self.controls = queue.Queue()
        self.owner = os.getpid()

    def start(self):
        self.run_beside(self.follow)
        self.run_beside(self.control)

    @staticmethod
    def run_beside(work, *arguments):
        thread = threading.Thread(target=work, args=arguments, name='livyd ' + work.__name__)
        thread.daemon = True
        thread.start()

    def control(self):
        """Spark control has one thread for good: each thread costs a connection and a JVM thread."""
        while True:
            self.answer(self.controls.get())

    def follow(self):
        for line in self.reader:
            request = json.loads(line)
            if request['op'] in ('cancel_group', 'progress'):
                self.controls.put(request)
            else:
                self.run_beside(self.answer_in_slot, request)
        # The endpoint is gone: nobody can reach this session again.
        if os.getpgrp() == self.owner:
            os.killpg(self.owner, signal.SIGKILL)
        os._exit(1)

    def answer_in_slot(self, request):
        with self.slots:
            self.answer(request)

    def answer(self, request):
        if request['op'] == 'job':
            self.send({'id': request['id'], 'state': 'STARTED'})
        try:
            reply = channel_router[request['op']](request)
        except BaseException as error:
            reply = {'failure': '%s: %s' % (type(error).__name__, error)}
        self.send(dict(reply, id=request['id'], done=True))

    def send(self, message):
        rest = (json.dumps(message) + '\n').encode('ascii')
        with self.lock:
            while rest:
                rest = rest[os.write(self.descriptor, rest):]


# The shell's loop ---------------------------------------------------------------------------------

def request_of(line):
    """The type and content of a request, or nothing when it is none (which the log says)."""
    try:
        message = json.loads(line)
        msg_type, content = message['msg_type'], message['content']
    except (ValueError, KeyError, TypeError):
        note('failed to parse message')
        return None
    if not isinstance(content, dict) or msg_type not in msg_type_router:
        note('not a request of this shell: %s' % msg_type)
        return None
    return msg_type, content


def strict_reply_line(msg_type, content):
    """What is neither JSON nor a ValueError ends the shell, as it ends Livy's."""
    reply = msg_type_router[msg_type](content)
    try:
        return json.dumps(reply)
    except ValueError:
        return json.dumps({'msg_type': 'inspect_reply', 'content': {
            'status': 'error', 'ename': 'ValueError', 'traceback': [],
            'evalue': 'cannot json-ify %s' % reply}})


def reply_line(msg_type, content):
    if STRICT:
        return strict_reply_line(msg_type, content)
    try:
        return json.dumps(msg_type_router[msg_type](content))
    except Exception:
        exc_type, exc_value, _ = sys.exc_info()
        return json.dumps(with_output(execute_reply_error(exc_type, exc_value, None)))


def serve(requests, replies):
    while True:
        try:
            line = requests.readline()
            if not line:
                return
            request = request_of(line) if line != '\n' else None
            if request is not None:
                interruption.statement = request[1].get('statement')
                print(reply_line(*request), file=replies)
                replies.flush()
        except KeyboardInterrupt:
            # A signal that arrived between two cells; Livy's shell dies of it.
            if STRICT:
                raise


def protocol_streams(arguments):
    if STRICT:
        return sys.stdin, sys.stdout
    descriptor = int(arguments[0])
    os.set_inheritable(descriptor, False)
    return (os.fdopen(descriptor, 'r', encoding='ascii', closefd=False),
            os.fdopen(os.dup(descriptor), 'w', encoding='ascii'))


def main(arguments):
    global STRICT, job_context
    STRICT = arguments[0] == 'strict'
    channel = Channel(int(arguments[1]))
    requests, replies = protocol_streams(arguments[2:])
    del sys.argv[1:]
    os.chdir(os.path.join(os.path.dirname(os.path.abspath(__file__)), 'files'))
    sys.path[0] = os.getcwd()
    sys.stdin = io.StringIO()
    status = 1
    try:
        with_log_as_stdout(start_spark)
        job_context = JobContext()
        channel.start()
        capture_output()
        if not STRICT:
            signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
        print('READY(port=0)', file=replies)
        replies.flush()
        serve(requests, replies)
        status = 0
    except SystemExit:
        status = 0
    except BaseException:
        note(traceback.format_exc().rstrip() if job_context else explain_failed_start())
    finally:
        if spark_session is not None:
            try:
                spark_session.stop()
            except BaseException:
                pass
    os._exit(status)


def explain_failed_start():
    error = sys.exc_info()[1]
    if isinstance(error, RuntimeError) and 'no Java was found' in str(error):
        return str(error)
    return traceback.format_exc().rstrip() + '\nSpark could not start: the reason is above.'


if __name__ == '__main__':
    if sys.version_info < (3, 8):
        sys.stderr.write('%s is Python %d.%d; the embedded endpoint needs Python 3.8 or newer. '
                         'Choose another one with LIVYD_PYTHON.\n'
                         % ((sys.executable,) + tuple(sys.version_info[:2])))
        sys.exit(1)
    main(sys.argv[1:])
