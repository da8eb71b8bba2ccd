"""Which packages read the world behind our back, and which steps are sources because of it.

A file that Python itself opens is seen while a step runs (worker/observing.py) and counts by its content from then on.
What a library reads in C or C++, from a database or over a network is seen by nobody: a step that reaches such a reader
is a source, whose result may be another one tomorrow although nothing here has changed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from enum import StrEnum

from ..named import NamedTuple


class Realm(StrEnum):
    """What part of the world is read."""

    FILES = "files"
    DATABASE = "a database"
    NETWORK = "the network"
    STORAGE = "object storage"
    PROGRAM = "what a program prints"
    CHILDREN = "files in other processes"


class _Reader(NamedTuple):
    realm: Realm
    names: tuple[str, ...] = ()
    """Attributes that read, below the package; `read_*` for all that begin so. Empty: all of it."""


_TABLE: dict[str, _Reader] = {
    # Frames and columns: their readers are C++ or Rust, and take addresses of files and of the network alike.
    "pandas": _Reader(Realm.FILES, ("read_*", "ExcelFile", "HDFStore", "io.*")),
    "polars": _Reader(Realm.FILES, ("read_*", "scan_*")),
    "pyarrow": _Reader(
        Realm.FILES,
        (
            *("parquet.read_*", "parquet.ParquetFile", "parquet.ParquetDataset"),
            *("csv.read_*", "csv.open_*", "json.read_*", "json.open_*", "orc.read_*", "orc.ORCFile"),
            *("feather.read_*", "dataset.*", "fs.*", "flight.*", "memory_map", "OSFile", "input_stream", "hdfs.*"),
        ),
    ),
    "duckdb": _Reader(Realm.DATABASE),
    "fastparquet": _Reader(Realm.FILES, ("ParquetFile",)),
    "modin": _Reader(Realm.FILES, ("pandas.read_*",)),
    "cudf": _Reader(Realm.FILES, ("read_*",)),
    "dask": _Reader(Realm.FILES, ("dataframe.read_*", "array.from_zarr", "array.from_npy_stack", "bag.read_*")),
    "pyspark": _Reader(Realm.FILES),
    "datasets": _Reader(Realm.NETWORK, ("load_dataset", "load_from_disk", "load_dataset_builder", "Dataset.from_*")),
    "ibis": _Reader(Realm.DATABASE),
    "vaex": _Reader(Realm.FILES, ("open*", "from_csv*")),
    # Arrays and pictures.
    "h5py": _Reader(Realm.FILES, ("File",)),
    "tables": _Reader(Realm.FILES, ("open_file",)),
    "netCDF4": _Reader(Realm.FILES),
    "xarray": _Reader(Realm.FILES, ("open_*", "load_*")),
    "zarr": _Reader(Realm.FILES, ("open*", "load*")),
    "cv2": _Reader(Realm.FILES, ("imread*", "VideoCapture")),
    "rasterio": _Reader(Realm.FILES, ("open",)),
    "geopandas": _Reader(Realm.FILES, ("read_*",)),
    "fiona": _Reader(Realm.FILES, ("open",)),
    "soundfile": _Reader(Realm.FILES, ("read*", "SoundFile")),
    "torchaudio": _Reader(Realm.FILES, ("load", "info")),
    "tensorflow": _Reader(
        Realm.FILES, ("io.*", "data.TFRecordDataset", "data.TextLineDataset", "keras.utils.get_file")
    ),
    "safetensors": _Reader(Realm.FILES, ("safe_open", "torch.load_file", "numpy.load_file")),
    # Models and data that libraries fetch.
    "transformers": _Reader(Realm.NETWORK, ("pipeline", "Auto*")),
    "huggingface_hub": _Reader(Realm.NETWORK),
    "kagglehub": _Reader(Realm.NETWORK),
    "sklearn": _Reader(Realm.NETWORK, ("datasets.fetch_*",)),
    "yfinance": _Reader(Realm.NETWORK),
    "mlflow": _Reader(Realm.NETWORK),
    "wandb": _Reader(Realm.NETWORK),
    # Databases.
    "sqlalchemy": _Reader(Realm.DATABASE, ("create_engine", "create_async_engine", "ext.asyncio.create_async_engine")),
    "sqlmodel": _Reader(Realm.DATABASE, ("create_engine",)),
    **dict.fromkeys(
        (
            *("psycopg", "psycopg2", "asyncpg", "pg8000", "pymysql", "MySQLdb", "mysql", "aiomysql", "oracledb"),
            *("cx_Oracle", "pyodbc", "pymssql", "turbodbc", "adbc_driver_manager", "connectorx", "snowflake"),
            *("clickhouse_connect", "clickhouse_driver", "pymongo", "motor", "redis", "elasticsearch", "opensearchpy"),
            *("cassandra", "neo4j", "influxdb_client", "trino", "pyhive", "databricks", "weaviate", "qdrant_client"),
            *("chromadb", "pinecone", "lancedb", "peewee", "kafka", "confluent_kafka", "pika"),
        ),
        _Reader(Realm.DATABASE),
    ),
    # The network.
    **dict.fromkeys(
        (
            *("requests", "httpx", "aiohttp", "urllib3", "grpc", "websockets", "websocket", "paramiko", "asyncssh"),
            *("openai", "anthropic", "litellm", "cohere", "ollama", "playwright", "selenium", "scrapy", "gspread"),
            *("ftplib", "imaplib", "poplib", "smtplib", "telnetlib", "xmlrpc", "pycurl"),
        ),
        _Reader(Realm.NETWORK),
    ),
    "urllib": _Reader(Realm.NETWORK, ("request.*",)),
    "http": _Reader(Realm.NETWORK, ("client.*",)),
    "socket": _Reader(Realm.NETWORK, ("socket", "create_connection", "getaddrinfo", "gethostby*")),
    "asyncio": _Reader(
        Realm.NETWORK, ("open_connection", "open_unix_connection", "create_subprocess_*", "subprocess.create_*")
    ),
    # Object storage.
    **dict.fromkeys(
        (
            *("boto3", "botocore", "aioboto3", "aiobotocore", "s3fs", "gcsfs", "adlfs", "fsspec", "obstore", "minio"),
            *("smart_open", "cloudpathlib", "upath", "azure", "dvc", "awswrangler"),
        ),
        _Reader(Realm.STORAGE),
    ),
    "google": _Reader(Realm.STORAGE, ("cloud.*",)),
    # Children: what they read is not seen either.
    "subprocess": _Reader(
        Realm.PROGRAM, ("run", "call", "check_call", "check_output", "Popen", "getoutput", "getstatus*")
    ),
    "multiprocessing": _Reader(Realm.CHILDREN, ("Pool", "Process", "get_context", "pool.Pool", "process.*")),
    "multiprocess": _Reader(Realm.CHILDREN, ("Pool", "Process", "get_context", "pool.Pool", "process.*")),
    "concurrent": _Reader(Realm.CHILDREN, ("futures.ProcessPoolExecutor", "futures.process.*")),
    "joblib": _Reader(Realm.CHILDREN, ("Parallel",)),
    "os": _Reader(Realm.PROGRAM, ("system", "popen", "spawn*", "exec*", "posix_spawn*")),
    "pty": _Reader(Realm.PROGRAM),
    **dict.fromkeys(("sh", "plumbum", "pexpect", "invoke", "fabric"), _Reader(Realm.PROGRAM)),
}
"""Package -> what it reads, and by which of its names. Kept by hand: a package that is missing here is one whose reads
count for nothing, so in doubt it is listed."""

_HARMLESS = frozenset(
    {"exceptions", "errors", "Error", "Response", "Session", "Engine", "Connection", "Cursor", "types"}
)
"""Last or second names that stand in annotations and `except` clauses; whoever has such an object got it elsewhere."""
_MAKERS = frozenset({"Session"})
"""Of those, the ones that are called to begin with; `requests.Session()` reads."""


class Reach(NamedTuple):
    """One reader that a step's code reaches."""

    name: str
    """As used: `pandas.read_csv`."""
    realm: Realm


def readers_in(uses: Iterable[str]) -> list[Reach]:
    """Return the known readers among what code uses (`CodePrint.uses`), sorted by name.

    A package that is handed on as a whole (`getattr(pandas, name)`) may be used for reading, so it counts.
    """
    found = []
    for use in sorted(set(uses)):
        package, _, rest = use.partition(".")
        reader = _TABLE.get(package)
        if reader is not None and _reads(reader, rest):
            found.append(Reach(use, reader.realm))
    return found


def source_reason(
    uses: Iterable[str],
    *,
    seen: Collection[str] = (),
    is_command: bool = False,
    takes: bool = False,
    declares: bool = False,
) -> str | None:
    """Return why a step is a source, as a person would say it; None: it is none.

    `run`, `train` and `apply` execute sources again; watch, retry and resume reuse them.

    Args:
        uses: what its code uses of packages.
        seen: what its last attempt was seen to read (`AttemptSucceeded.reads`).
        is_command: it is a shell command, into which nobody can look.
        takes: it has inputs or parameters.
        declares: it says `reads=` or `cache=`: then its author has decided.
    """
    if declares:
        return None
    if is_command:
        return None if takes else "a shell command that takes nothing"
    found = readers_in(uses)
    if found:
        names = ", ".join(reach.name for reach in found[:3]) + (", ..." if len(found) > 3 else "")
        return f"reads {' and '.join(dict.fromkeys(reach.realm.value for reach in found))} by {names}"
    connections = sorted(each for each in seen if each.startswith(("tcp://", "unix://")))
    return f"was seen to connect to {connections[0]}" if connections else None


def _reads(reader: _Reader, rest: str) -> bool:
    if not rest or rest == "*":  # the package itself, or all of its names
        return True
    if not reader.names:
        parts = rest.split(".")
        return not _HARMLESS.intersection(parts) or bool(_MAKERS.intersection(parts))
    return any(_fits(rest, name) for name in reader.names)


def _fits(rest: str, name: str) -> bool:
    """Tell whether a use is of a name, or goes on from it; `parquet` alone may be used for `parquet.read_table`."""
    if name.endswith("*"):
        return rest.startswith(name[:-1]) or name.startswith(f"{rest}.")
    return rest == name or rest.startswith(f"{name}.") or name.startswith(f"{rest}.")
