"""The settings of one installation, read from the environment with the prefix MINGSUAN_."""

from functools import lru_cache
from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Every setting, its default and what it is for (`mingsuan config` prints them)."""

    model_config = SettingsConfigDict(env_prefix="MINGSUAN_", extra="ignore")

    data: Path = Field(Path(".data"), description="the data directory")
    database: str = Field(
        "", description="SQLAlchemy URL; empty: SQLite (WAL) in the data directory"
    )
    store: str = Field(
        "", description="where artifacts are kept: empty for files, or s3://bucket/prefix"
    )
    s3_endpoint: str = Field("", description="address of an S3 server other than AWS")
    s3_region: str = Field("us-east-1", description="region of the S3 bucket")
    s3_key: str = Field("", description="access key id; empty: boto3's own search")
    s3_secret: SecretStr = Field(SecretStr(""), description="secret access key")
    host: str = Field("127.0.0.1", description="address the server listens on")
    port: int = Field(8080, description="port the server listens on")
    base_url: str = Field("", description="address under which the public reaches the site")
    secure_cookies: bool = Field(False, description="session cookies only over HTTPS")
    max_submission: int = Field(2 * 1024**3, description="largest submission, bytes")
    max_dataset: int = Field(2 * 1024**3, description="largest data set, bytes")
    lease: float = Field(30.0, description="seconds a worker may be silent before takeover")
    workers: int = Field(1, description="worker processes that `mingsuan serve` starts")
    session_hours: float = Field(12.0, description="hours a sign-in lasts")
    evaluation_days: int = Field(365, description="days an evaluation counts for the gate (ours)")
    signer_socket: str = Field("", description="the signer's socket; empty: in the data directory")
    sandbox_tier: str = Field("auto", description="auto, A, B or none")
    sandbox_memory: int = Field(2 * 1024**3, description="memory of one sandbox, bytes")
    sandbox_seconds: float = Field(120.0, description="wall-clock limit of one round, seconds")
    trusted_keys: str = Field("", description="public keys `mingsuan verify` trusts by default")
    server: str = Field("", description="the registry the command line talks to; empty: this one")
    token: SecretStr = Field(SecretStr(""), description="API token of the command line")
    log_level: str = Field("INFO", description="least level that is logged")

    @property
    def database_url(self) -> str:
        """The database in use."""
        return self.database or f"sqlite:///{self.data.resolve() / 'mingsuan.db'}"

    @property
    def signer_path(self) -> Path:
        """The socket on which the signer process listens."""
        return Path(self.signer_socket) if self.signer_socket else self.data / "signer.sock"

    @property
    def public_url(self) -> str:
        """The address of the site without a slash at the end."""
        return (self.base_url or f"http://{self.host}:{self.port}").rstrip("/")


@lru_cache
def settings() -> Settings:
    """The settings of this process, read once."""
    return Settings()
