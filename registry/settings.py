"""The settings of one installation, read from the environment with the prefix MINGSUAN_."""

import ipaddress
from functools import lru_cache
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationError
from pydantic_core import PydanticCustomError
from pydantic_settings import BaseSettings, SettingsConfigDict

from registry import wrong_values
from registry.errors import Invalid, Reason
from registry.language import Text

PREFIX = "MINGSUAN_"
HIGHEST_PORT = 65_535


class SettingsInvalid(Invalid):
    """An environment variable has a value that is no setting: the reasons name each."""


def _networks(given: str) -> str:
    """Addresses and networks with commas between, each one checked."""
    parts = [part.strip() for part in given.split(",") if part.strip()]
    for part in parts:
        try:
            ipaddress.ip_network(part)
        except ValueError as error:
            raise PydanticCustomError("no_network", "no address or network") from error
    return ",".join(parts)


class Settings(BaseSettings):
    """Every setting, its default and what it is for (`mingsuan config` prints them)."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="ignore")

    data: Path = Field(Path(".data"), description="数据目录 / the data directory")
    database: str = Field(
        "",
        description="数据库的 SQLAlchemy 地址；空：数据目录里的 SQLite（WAL） / SQLAlchemy URL; empty: SQLite (WAL) in the data directory",
    )
    store: str = Field(
        "",
        description="文件存在哪里：空为数据目录，以 / 开头的目录（多台服务器须挂载同一个），或 s3://桶/前缀 / where artifacts are kept: empty for the data directory, a folder from / (which several servers must all mount), or s3://bucket/prefix",
    )
    s3_endpoint: str = Field(
        "", description="AWS 以外的 S3 服务器地址 / address of an S3 server other than AWS"
    )
    s3_region: str = Field("us-east-1", description="S3 桶的区域 / region of the S3 bucket")
    s3_key: str = Field(
        "",
        description="访问密钥编号；空：由 boto3 查找 / access key id; empty: boto3's own search",
    )
    s3_secret: SecretStr = Field(SecretStr(""), description="访问密钥 / secret access key")
    host: str = Field("127.0.0.1", description="监听地址 / address the server listens on")
    port: int = Field(
        8080, ge=0, le=HIGHEST_PORT, description="监听端口 / port the server listens on"
    )
    base_url: str = Field(
        "", description="公众访问网站的地址 / address under which the public reaches the site"
    )
    trusted_proxies: Annotated[str, AfterValidator(_networks)] = Field(
        "",
        description="哪些代理转来的 X-Forwarded-For 可信：地址或网段，逗号分隔；空：都不信 / proxies whose X-Forwarded-For is believed: addresses or networks, with commas; empty: none",
    )
    secure_cookies: bool = Field(
        False, description="登录 Cookie 只走 HTTPS / session cookies only over HTTPS"
    )
    header_seconds: float = Field(
        20.0,
        gt=0,
        description="一个请求的头部最多等几秒 / seconds a client has for the head of a request",
    )
    body_seconds: float = Field(
        30.0,
        gt=0,
        description="上传内容多少秒没有进展就断开 / seconds after which an upload that does not move is cut off",
    )
    max_submission: int = Field(
        2 * 1024**3, gt=0, description="一次提交的上限，字节 / largest submission, bytes"
    )
    max_dataset: int = Field(
        2 * 1024**3, gt=0, description="一份数据的上限，字节 / largest data set, bytes"
    )
    attachments: int = Field(
        5,
        ge=0,
        description="申诉、投诉、举报最多附几个文件 / files that may be attached to an appeal, complaint or report",
    )
    attachment_bytes: int = Field(
        10 * 1024**2, gt=0, description="一个附件的上限，字节 / largest attachment, bytes"
    )
    attachments_bytes: int = Field(
        25 * 1024**2, gt=0, description="一次全部附件的上限，字节 / all attachments of one, bytes"
    )
    attachment_pixels: int = Field(
        50_000_000, gt=0, description="一张附图的像素上限 / most pixels of an attached picture"
    )
    upload_days: float = Field(
        7.0,
        gt=0,
        description="MLflow 入口收到而没有登记的文件保留几天 / days that files uploaded through the MLflow door and never registered are kept",
    )
    k_anonymity: int = Field(
        5,
        ge=2,
        description="登记数据时，同一组准标识符至少要有几人（k，本平台设定；模型见 GB/T 42460—2023 附录 D）；说明里点名、打印的至少10人 / people that must share their quasi-identifiers in a registered data set (k; ours); in an explanation at least 10",
    )
    lease: float = Field(
        30.0,
        gt=0,
        description="工作进程多少秒没有动静就由别的接手 / seconds a worker may be silent before takeover",
    )
    retry_seconds: float = Field(
        5.0,
        gt=0,
        description="因环境故障放回的工作，首次重试前等几秒；以后逐次加倍 / seconds before work that trouble of the installation stopped is tried again; doubled each time",
    )
    park_hours: float = Field(
        24.0,
        gt=0,
        description="因环境故障反复放回超过几小时就搁置并告知 / hours of such returns after which work is parked and its requester told",
    )
    workers: int = Field(
        1,
        ge=0,
        description="`mingsuan serve` 启动几个工作进程 / worker processes that `mingsuan serve` starts",
    )
    session_hours: float = Field(12.0, gt=0, description="登录有效几小时 / hours a sign-in lasts")
    evaluation_days: int = Field(
        365,
        gt=0,
        description="评估在备案门槛里有效几天（本平台设定） / days an evaluation counts for the gate (ours)",
    )
    signer_socket: str = Field(
        "",
        description="签名进程的套接字；空：在数据目录里 / the signer's socket; empty: in the data directory",
    )
    signer_key: str = Field(
        "",
        description="签名私钥文件；空：数据目录旁的“<数据目录>.signer”里 / the signer's private key; empty: in `<data>.signer` beside the data directory",
    )
    sandbox_tier: Literal["auto", "A", "B", "none"] = Field(
        "auto", description="沙箱等级：auto、A、B 或 none / auto, A, B or none"
    )
    sandbox_memory: int = Field(
        2 * 1024**3, description="一个沙箱的内存，字节 / memory of one sandbox, bytes"
    )
    sandbox_seconds: float = Field(
        120.0, gt=0, description="一轮的时限，秒 / wall-clock limit of one round, seconds"
    )
    sandbox_ahead: int = Field(
        2,
        ge=0,
        le=8,
        description="提前启动几个沙箱待用 / sandboxes kept started, for rounds to come",
    )
    sandbox_warm: bool = Field(
        True,
        description="由预先载入软件包的解释器复制沙箱；0：每轮单独启动 / fork sandboxes from a warmed interpreter; 0: start each by itself",
    )
    trusted_keys: str = Field(
        "",
        description="`mingsuan verify` 默认信任的公钥 / public keys `mingsuan verify` trusts by default",
    )
    server: str = Field(
        "",
        description="命令行连接的登记库；空：本机 / the registry the command line talks to; empty: this one",
    )
    token: SecretStr = Field(
        SecretStr(""), description="命令行用的接口令牌 / API token of the command line"
    )
    endpoint_token: SecretStr = Field(
        SecretStr(""),
        description="`mingsuan evaluate --endpoint` 出示的令牌 / bearer token for an HTTP scorer",
    )
    log_level: Annotated[
        Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"],
        BeforeValidator(lambda given: str(given).upper()),
    ] = Field("INFO", description="记录日志的最低级别 / least level that is logged")

    @property
    def database_url(self) -> str:
        """The database in use."""
        return self.database or f"sqlite:///{self.data.resolve() / 'mingsuan.db'}"

    @property
    def search_index(self) -> Path:
        """The file of this server's search index."""
        return self.data / "search.db"

    @property
    def last_seal(self) -> Path:
        """The file in which this machine remembers the last seal of the journal."""
        return self.data / "last-seal.json"

    @property
    def signer_path(self) -> Path:
        """The socket on which the signer process listens."""
        return Path(self.signer_socket) if self.signer_socket else self.data / "signer.sock"

    @property
    def public_url(self) -> str:
        """The address of the site without a slash at the end."""
        return (self.base_url or f"http://{self.host}:{self.port}").rstrip("/")

    @property
    def printed_url(self) -> str:
        """The address that may be printed as the public's; empty where there is none.

        What is printed, scanned or read by a search engine is followed from elsewhere: an address
        that nobody set, or that means the reader's own machine, leads them nowhere.
        """
        return "" if not self.base_url or _is_own_machine(self.base_url) else self.public_url


def _is_own_machine(address: str) -> bool:
    """Whether an address means the machine of whoever follows it."""
    host = (urlsplit(address).hostname or "").rstrip(".")
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        place = ip_address(host)
    except ValueError:
        return False
    return place.is_loopback or place.is_unspecified


@lru_cache
def settings() -> Settings:
    """The settings of this process, read once.

    Raises:
        SettingsInvalid: naming every variable whose value is none.
    """
    try:
        return Settings()
    except ValidationError as error:
        raise SettingsInvalid(
            "设置有误，请改正所列的环境变量。",
            "Some settings are wrong: correct the environment variables that are listed.",
            reasons=[
                Reason(
                    PREFIX + "_".join(str(part) for part in item["loc"]).upper(),
                    wrong_values.said(item),
                    Text("各项设置见 docs/configuration.md。", "See docs/configuration.md."),
                )
                for item in error.errors(include_input=False)
            ],
        ) from None
