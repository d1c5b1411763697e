"""How a third party's probe fails, in words that anybody may read.

What it said itself is kept beside them and never published: it may quote rows.
"""

from registry.errors import Invalid
from registry.language import Text
from registry.sandbox import Cause

_OWN_ERROR = Text(
    "插件 {plugin} 自身出错（{cause}），没有得出结果。",
    "The plugin {plugin} raised an error of its own ({cause}) and gave no result.",
)
_CAUSES: dict[str, Text] = {
    Cause.WALL_CLOCK: Text(
        "插件 {plugin} 没有在限定时间内答复，已终止。",
        "The plugin {plugin} did not answer within the time limit and was ended.",
    ),
    Cause.MEMORY: Text(
        "插件 {plugin} 用的内存超过上限，已终止。",
        "The plugin {plugin} used more memory than it may and was ended.",
    ),
    Cause.FORBIDDEN_CALL: Text(
        "插件 {plugin} 试图联网、启动程序或使用检验不需要的系统功能，已终止。",
        "The plugin {plugin} tried to use the network, start a program or make a system call that "
        "a probe does not need, and was ended.",
    ),
    Cause.OUTPUT_FLOOD: Text(
        "插件 {plugin} 送出的内容超过上限，已终止。",
        "The plugin {plugin} sent more than it may and was ended.",
    ),
    Cause.CRASHED: Text(
        "插件 {plugin} 的进程自己结束了，没有得出结果。",
        "The process of the plugin {plugin} ended by itself and gave no result.",
    ),
    Cause.NOT_STARTED: Text(
        "插件 {plugin} 的进程没有启动成功，请运行 mingsuan doctor。",
        "The process of the plugin {plugin} did not start; run `mingsuan doctor`.",
    ),
    Cause.KILLED: Text(
        "插件 {plugin} 的进程被服务器从外面结束了（例如整台机器内存不足），没有得出结果；不是插件的问题。",
        "The server ended the process of the plugin {plugin} from outside (when the whole machine was "
        "short of memory, for instance), so there is no result; the plugin is not at fault.",
    ),
    Cause.PROTOCOL: Text(
        "插件 {plugin} 扰乱了与平台的通信，已终止。",
        "The plugin {plugin} disturbed the channel to the platform and was ended.",
    ),
    "nonsense": Text(
        "插件 {plugin} 的答复不合格式，不予采用，已终止。",
        "What the plugin {plugin} answered is not what was asked for; it was not taken and the "
        "plugin was ended.",
    ),
}


class PluginFailed(Invalid):
    """A third party's probe failed or was ended: ask its author; the others' results stand.

    Args:
        plugin: which package, and its version.
        cause: a word: of `registry.sandbox.Cause`, `nonsense`, or the type of its own error.
        told: what it said or printed itself; never to be published, for it may quote rows.
    """

    def __init__(self, plugin: str, cause: str, told: str = "") -> None:
        said = _CAUSES.get(cause, _OWN_ERROR).format(plugin=plugin, cause=cause)
        super().__init__(said.zh, said.en)
        self.cause = cause
        self.told = told

    def __str__(self) -> str:
        return f"{self.said.en} ({self.cause})"
