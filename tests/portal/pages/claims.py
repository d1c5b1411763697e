"""Every fixed sentence of the public templates: those about a record, and those about no record.

A sentence about a record stands here with a record of which it is true and one of which it is false
(names of `tests.portal.pages.records`; `report:`, `line:`, `form:` and `later:` before a name mean
its report's page, its line in the catalogue, the form of its concerns, its page after the evaluation
has expired). A new sentence
in a public template has to be entered in one of the tables, or `test_claims` fails.
"""

from dataclasses import dataclass

PUBLIC_TEMPLATES = (
    "base", "start", "catalogue", "_hits", "filed", "_filed_parts", "macros", "question", "about", "accessibility",
    "words", "report", "_report", "_explanation", "_probes", "_search", "comparison", "platform_keys", "sign_in",
    "invitation", "password", "message", "problem", "concern_start", "concern_new", "concern_receipt",
    "concern_follow", "recommended_list", "recommended",
)  # fmt: skip


@dataclass(frozen=True)
class Claim:
    """A sentence about a record, by its Chinese words in the template or in the code that says it."""

    zh: str
    en: str
    true_in: str
    false_in: str


CLAIMS = (
    Claim("这是按您给的权重排的，不是行业组织的顺序。", "This order follows the weights that you gave, not those of the industry body.", "recommended/many?w.findings=7", "recommended/many"),
    Claim("并列的不分先后，只按备案编号列出。", "Tied entries are listed by filing number alone.", "recommended/many", "recommended/one"),
    Claim("按这些权重，没有一项标准是所有条目都测过的，所以没有总分，也没有先后。", "By these weights, no criterion is measured for every entry, so there is neither a score nor an order.", "recommended/many?w.checks=0&w.findings=0&w.openness=0", "recommended/many"),
    Claim("”没有计入：", "” is left out: not measured for ", "recommended/many", "recommended/none"),
    Claim("”没有计入：", "” is left out: not measured for ", "recommended/one", "recommended/one?w.appeals=0"),
    Claim("（没有计入）", "(not counted)", "recommended/many", "recommended/none"),
    Claim("未测</td>", "not measured</td>", "recommended/many", "recommended/none"),
    Claim("现在没有条目。", "There is no entry now.", "recommended/none", "recommended/many"),
    Claim("在深圳备案</span>", "filed in Shenzhen</span>", "recommended/many", "recommended/one"),
    Claim("深圳的条例没有写推荐目录", "Shenzhen's regulation has no article on such a catalogue", "recommended/one", "recommended/many"),
    Claim("并列第%s名", "tied for place ", "recommended/many", "recommended/one"),
    Claim("没有附评估报告", "no evaluation report is attached", "line:bare", "line:own"),
    Claim("没有附评估报告。", "No evaluation report is attached.", "bare", "own"),
    Claim("没有第三方评估。", "There is no third-party evaluation.", "own", "clear"),
    Claim("<h3>第三方评估</h3>", "<h3>Third-party evaluation</h3>", "clear", "own"),
    Claim("<h3>备案主体自行评估</h3>", "<h3>The filer's own evaluation</h3>", "own", "clear"),
    Claim("没有第三方评估</span>", "no third-party evaluation</span>", "own", "clear"),
    Claim("第三方评估针对的就是这个版本", "third-party evaluation of this very version", "clear", "own"),
    Claim("第三方评估针对的就是这个版本", "third-party evaluation of this very version", "line:clear", "line:changed"),
    Claim("第三方评估针对的就是这个版本", "third-party evaluation of this very version", "clear", "later:clear"),
    Claim("第三方评估针对的就是这个版本", "third-party evaluation of this very version", "clear", "pending"),
    Claim("起算过期", "counts as expired from", "clear", "later:clear"),
    Claim("起算过期", "counts as expired from", "line:clear", "line:changed"),
    Claim("自行评估针对的就是这个版本", "own evaluation of this very version", "own", "clear"),
    Claim("第三方评估以后改过：“训练停止与选择标准”", "changed since the third-party evaluation: ", "changed", "clear"),
    Claim("第三方评估以后改过：“训练停止与选择标准”", "changed since the third-party evaluation: ", "line:changed", "line:clear"),
    Claim("过期；评估以后改过：“训练停止与选择标准”", "; changed since: ", "later:changed", "later:clear"),
    Claim("备案变更中：", "A change is under way: ", "pending", "changed"),
    Claim("针对较早的版本", "about an earlier version", "newer", "clear"),
    Claim("第三方评估针对的是较早的第1版，现在公示的是第2版", "third-party evaluation of an earlier version: 1", "earlier", "newer"),
    Claim("评估已过期：这个风险等级要求的第三方评估", "Evaluation expired: the third-party evaluation", "later:clear", "clear"),
    Claim("评估已过期：这个风险等级要求的第三方评估", "Evaluation expired: the third-party evaluation", "later:line:clear", "line:clear"),
    Claim("评估已过期：这个风险等级要求的第三方评估", "Evaluation expired: the third-party evaluation", "later:clear", "later:own"),
    Claim("（备案主体填写）", "(the filer's word)", "clear", "about"),
    Claim("服务中（备案主体填写）", "in service (the filer's word)", "clear", "demonstration"),
    Claim("服务中（备案主体填写）", "in service (the filer's word)", "line:clear", "line:demonstration"),
    Claim("演示，不对外服务（备案主体填写）", "demonstration, serves nobody (the filer's word)", "demonstration", "clear"),
    Claim("演示，不对外服务（备案主体填写）", "demonstration, serves nobody (the filer's word)", "line:demonstration", "line:clear"),
    Claim("服务状态由备案主体填写。", "The state of the service is the filer’s word.", "clear", "about"),
    Claim("评估发现：差异超过界线 %s 项", "Found in evaluation: %s beyond the line", "beyond", "clear"),
    Claim("评估发现：差异超过界线1项", "Found beyond the line: 1", "line:beyond", "line:clear"),
    Claim("评估没有证明哪一项差异超过界线", "No evaluation showed a difference beyond its line", "clear", "beyond"),
    Claim("测的是哪些数据，评估计划说：", "The data tested, says the plan: ", "beyond", "clear"),
    Claim("没有测的：", "Not tested: ", "beyond", "bare"),
    Claim("这不等于证明没有差异。", "That does not prove there is none.", "clear", "beyond"),
    Claim("还有 %s 项", "and %s more", "far beyond", "beyond"),
    Claim("界线由本平台定，超过不等于违法。", "The lines are this platform’s; beyond one is not the same as unlawful.", "beyond", "clear"),
    Claim("差异超过界线</span>", "the difference exceeds the line</span>", "beyond", "clear"),
    Claim("还不能下结论</span>", "inconclusive</span>", "clear", "beyond"),
    Claim("已证明差异很小</span>", "shown to be small</span>", "other verdicts", "beyond"),
    Claim("无法评估</span>", "not evaluable</span>", "other verdicts", "beyond"),
    Claim("有差异，没有证明超过界线</span>", "a difference, not shown to exceed the line</span>", "other verdicts", "beyond"),
    Claim('<span class="badge">第三方评估</span>', '<span class="badge">third-party evaluation</span>', "report:clear", "report:own"),
    Claim('<span class="badge">自行评估</span>', '<span class="badge">own evaluation</span>', "report:own", "report:clear"),
    Claim("测的是第 %s 版", "of version %s", "clear", "bare"),
    Claim("评估机构已签章确认", "countersigned by the tester", "clear", "own"),
    Claim("评估机构已签章确认", '<span class="badge">countersigned by the tester', "report:clear", "report:unsigned"),
    Claim("评估机构还没有签章确认", "not countersigned by the tester", "unsigned", "clear"),
    Claim("签章确认以前，这份报告不算第三方评估。", "Until it is countersigned, this report does not count as a third-party evaluation.", "report:unsigned", "report:clear"),
    Claim("由提交模型的单位自己做的，不是第三方评估。", "Made by the organisation that submitted the model; not a third-party evaluation.", "report:own", "report:clear"),
    Claim("利害关系，备案主体说：", "Ties, says the filer: ", "clear", "own"),
    Claim("利害关系，评估机构说：", "Ties, says the tester: ", "report:clear", "report:own"),
    Claim("<q>曾经合作</q>", "<q>曾经合作</q>", "report:clear", "report:own"),
    Claim("这份报告说的是第 %s 版，现在公示的是第 %s 版。", "This report is about version %s; version %s is published now.", "report:earlier", "report:clear"),
    Claim("这个风险等级由两名审核人员（一人提出，另一人确认）在", "Two reviewers, one proposing and another confirming, set this risk grade on ", "regraded", "clear"),
    Claim("风险等级由本平台方法得出，不是主管部门的认定。", "The risk grade follows from this platform's method; it is not a finding of the authority.", "clear", "regraded"),
    Claim("中风险（审核人员改定）", "medium risk (set by reviewers)", "line:regraded", "line:clear"),
    Claim("深圳的条例没有规定备案，这是在本平台的登记。", "Shenzhen's regulation has no article on filing;", "other city", "clear"),
    Claim("看这类算法（%s 份备案）", "See such algorithms (%s filed)", "question", "about"),
    Claim("还没有这类算法备案。", "No such algorithm is filed yet.", "question", "about"),
    Claim("没有公开说明。", "Not stated.", "bare", "clear"),
    Claim("已填写，不公开。", "Stated, not public.", "clear", "about"),
    Claim("不适用：", "Not applicable: ", "not applicable", "clear"),
    Claim("不公开。理由：", "Withheld. Reason: ", "sealed", "clear"),
    Claim("已由新备案取代：", "Superseded by ", "earlier", "newer"),
    Claim("已注销：", "cancelled: ", "ended", "clear"),
    Claim("这是第 %s 次公示的内容，不是最新的。", "This is edition %s, not the newest.", "first:changed", "changed"),
    Claim("算法说明由备案主体自己写，没有经过测试", "the explanation was written by the filer and not tested", "own", "explained"),
    Claim("下面的话由备案主体自己写，本平台没有测过。", "These words are the filer’s own; this platform tested none of them.", "own", "explained"),
    Claim("算法说明讲的就是这个版本", "the explanation is about this version", "explained", "explained before"),
    Claim("算法说明讲的是较早的版本", "the explanation is about an earlier version", "explained before", "explained"),
    Claim("下面的说明讲的是第 %s 版，不是这里公示的第 %s 版。", "The explanation below is about version %s, not about version %s, which is published here.", "explained before", "explained"),
    Claim("测试得出的句子由测试结果选出，旁边写着局限；其余的话由备案主体填写。", "Sentences from tests are chosen by the results, with their limits", "explained", "own"),
    Claim("测试用了 %s 行数据：", "Tested on %s rows: ", "explained", "own"),
    Claim("；来源，备案主体说：", "; source, says the filer: ", "explained", "own"),
    Claim("下面的评估用的是另一份数据，同一个问题的数字可以不同。", "The evaluation below used other data, so its figures may differ.", "explained", "own"),
    Claim("备案主体自己写的说明，在“备案内容”里。", "What the filer wrote itself stands under “What was filed”.", "explained", "own"),
    Claim("备案主体没有写：", "Not written by the filer: ", "bare", "own"),
    Claim("算法说明没有写全，缺H5", "the explanation lacks H5", "bare", "own"),
    Claim("。常一起变的信息合在一起。细线是估计的范围。", "What changes together is shown together. The thin line is the range of the estimate.", "explained", "own"),
    Claim("年第4季度收到申诉1件，已结案1件，成立1件。", "appeal, 1 received, 1 closed, 1 upheld.", "appealed", "clear"),
    Claim("件尚未核实", "of them not yet verified", "complained", "appealed"),
    Claim("收到不等于核实。不交给备案主体的，在向它询问或结案以后才计入，按收到的季度计。", "Received is not verified.", "appealed", "clear"),
    Claim("备案写明收到后 %s 天内答复。", "The filing promises an answer within %s days of receipt.", "form:clear", "form:bare"),
    Claim("备案没有写答复期限。", "The filing names no day for an answer.", "form:bare", "form:clear"),
    Claim("深圳经济特区人工智能产业促进条例 第70条", "Shenzhen AI industry regulation, art", "form:other city", "form:clear"),
    Claim("上海的条例没有举报这一条，这是本平台的服务。", "Shanghai's regulation has no article on reports;", "form:clear", "form:other city"),
)  # fmt: skip

GENERAL = frozenset({
    # what the tester is asked to do with the report
    "您现在没有登录，刚才填写的内容还没有提交。用同一个账号登录，就可以接着提交；文件要重新选择。",
    "签章确认", "签章确认后的文件", "提交签章确认",
    # the frame, and what the site is for
    "明算 算法模型登记", "我对一个决定有疑问", "这是什么", "无障碍说明", "已备案的算法",
    "替您做决定的算法，来这里查", "名称、单位或备案编号", "这里是我们的说法，以法规原文为准。带 † 的中文说法还要与上海条例原文核对。",
    "单位把算法模型备案在这里。每份备案都写明：有没有人评估过这个版本、谁评估的、发现了什么，说明是谁写的、测过没有。",
    "明算要把三件事放在一起：算法模型的备案、第三方对同一版本的评估、写给公众的说明。每份备案的页面写明有哪几样、谁做的。",
    "要求（我们的说法）",
    # what one may do here
    "连同现在的状态（JSON）", "这一次公示的原始字节（JSON）",
    "贷款被拒、价格和别人不一样、被系统排在后面？从您遇到的事开始。", "提交模型，委托测试，填写备案。表格会一步步教您。",
    "在沙箱里测试同一个版本，得到可以离线核验的报告。", "不用登录，看算法怎么用、有没有测过、写了怎样申诉没有。",
    "在全文里查找", "数字只数了最新的 %s 份。", "超过 %s 份，只能翻到这么多。", "是不是要找：",
    "没有找到。换一个词，或者去掉一些条件再试。", "先看是哪一种情况，再找到那个算法。",
    "看“算法说明”：决定什么，什么会改变结果；是测出来的，还是备案主体自己写的。",
    "看“评估”：有没有人测过，谁测的，发现了什么，没测什么。",
    "页面写了申诉办法的，照着申诉，请人重新看。要写明日期、结果和您的理由。",
    "在深圳，发现违反条例或者违反人工智能伦理安全规范的行为，可以向主管部门或行业组织举报。上海的条例没有这一条。",
    "知道备案编号的话，直接查：", "不同意结果怎么办", "读完整报告、下载并核验",
    "申诉、投诉、举报", "我要申诉、投诉或举报",
    "三条途径，去处不同。不用登录，也可以不留姓名。", "不用登录，也可以不留姓名。", "找到那个算法，从它的备案页开始", "查询已经提交的",
    "投诉：我同意交给备案主体处理", "不交给备案主体的，交给谁",
    "这里还没有登记主管部门或行业组织，举报请直接向它们提出。",
    "写什么时候、什么结果、为什么不对。%s 到 %s 字。不要写别人的身份证号、电话。",
    "不填也能用编号和查询码查询。", "已收到", "请现在记下编号和查询码。查询码只显示这一次，平台没有保存。",
    "最迟告知是否受理", "用编号和查询码查询",
    # headings and words beside what the record holds
    "已公开 %s 份备案。", "经过", "没有写明", "针对：", "（第三方：", "（可不填）", "每一组都不少于 k", "未达到，理由：", "没有测什么", "这些结果不能说明什么",
    "类检验不在这份计划里：", "想测而没有测成的：", "测了没有", "量的是什么", "哪些行没有算进去", "逐条：读法、局限、方法和重算", "由这些公开的计数得出",
    "重算这些数字的命令", "没有登记；谁都可以在自己的电脑上做", "这里只说哪些要素测过、哪些没有测，不作法律结论。",
    "：这一项不能只由公开的计数得出，要有数据才能重做。", "同一个模型的另一个版本或另一次评估：什么变好、变差，什么看不出变化。",
    "下载报告文件，离线运行下面的命令。它会说出哪些数字是重新算出来的，哪些只核对了签名和校验值。", "在自己的电脑上运行：",
    "把生成的文件交到这里。平台不保存您的私钥。",
    # signing in, and the platform's keys
    "粘贴整段，含首尾两行。", "已有账号的，不用填写。", "您已经登录", "还没有登记公钥。", "有效至", "离“没有差别”",
    "只有主管部门的管理员可以登记。登记以后，用它签的报告就算平台签的：请先向运行签名进程的人当面核对编号。",
    "企业、测试机构和主管部门在这里登录。查看备案不需要登录。", "。在这里登录会结束现在的登录。",
    "登录，这份邀请是给另一个邮箱的。接受以后请用那个邮箱登录。", "至少 12 个字符。已有账号的，请输入现有密码。",
    "至少 12 个字符，不要用常见的词。", "管理员重置了这个账号的密码。请设置一个新密码，链接只能用一次。",
    "您已经用这个邮箱登录。请输入这个账号的密码来确认。", "没有账号？请本单位管理员发一份邀请。忘了密码？请管理员重置。",
    "平台签名的报告和说明用这些公钥核验。平台换过钥匙时，旧公钥仍在这里：它签过的仍用它核验。",
    # the recommended catalogue (tests/portal/test_recommended holds its sentences against records)
    "由行业组织编制。标准、权重、证据都公开；换一组权重，顺序就跟着变。",
    "现有 %s 个条目。",
    "还没有行业组织在这里开设推荐目录。",
    "指导（行业组织填写）：",
    "“%s”没有计入：%s 是未测。",
    "行业组织的权重：%s",
    "下载签名的目录，在自己的电脑上重算顺序：",
    "第三方评估报告",
    "备案页：说明、评估和历史",
    "利害关系，作决定的人说：",
    "没有列入的申请，这里只说件数：%s。",
    "人工智能算法模型推荐目录",
    "由行业组织编制，不是行政许可或认定",
    # pieces of work and verdicts: chosen by their state
    "页面每 5 秒自动更新。",
})  # fmt: skip
