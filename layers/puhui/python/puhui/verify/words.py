"""The verifier's words. The English text is the key to the Chinese one, also for the reasons that ``puhui.tlog`` gives."""

import re
from collections.abc import Mapping
from functools import cache
from itertools import pairwise
from typing import Literal

Language = Literal["en", "zh"]

SHOWN_MAX = 500  # characters of one line

# What the command line and the report say.
_SAID = {
    "PROVED": "已证明",
    "NOT PROVED": "未能证明",
    "ERROR": "出错",
    "{verdict}: {reason}.": "{verdict}：{reason}。",
    "{number} entries": "{number} 条记录",
    "1 entry": "1 条记录",
    "no entries": "0 条记录",
    "Proved: this entry is number {index} (counted from 0) in the log {log}, in a tree of {entries}.": (
        "已证明：这条记录是存证日志 {log} 的第 {index} 号（从 0 起编号），所在的默克尔树共有 {entries}。"
    ),
    "The entry: type {type}, id {id}, time {at}.": "记录内容：类型 {type}，编号 {id}，时间 {at}。",
    "Only the hash of the entry was given: what the entry says is not shown.": "只给出了记录的哈希值，因此不显示记录内容。",
    "The entry does not have the form of this journal's entries: it is not shown.": "这条记录不是本存证日志的记录格式，因此不显示其内容。",
    "Proved: the event below, and no other, is what entry {id} (type {type}, time {at}) commits to.": (
        "已证明：记录 {id}（类型 {type}，时间 {at}）所承诺的，正是下面这一事件，未经改动。"
    ),
    "Proved: this entry is in the tree with the root {root}; by the file it is number {index} (counted from 0) of {entries}.": (
        "已证明：这条记录在树根为 {root} 的默克尔树中；据该文件所称，它是 {entries}中的第 {index} 号（从 0 起编号）。"
    ),
    "Proved by the receipt: the entry is number {index} (counted from 0) in the log {log}, in a tree of {entries}.": (
        "收据证明：这条记录是存证日志 {log} 的第 {index} 号（从 0 起编号），所在的默克尔树共有 {entries}。"
    ),
    "NOT CHECKED: this root was not compared with a cosigned checkpoint; whoever gave the file could have made it "
    "up. Give --policy and --receipt to check that too.": (
        "尚未核对：没有拿这个树根与经联署的检查点比对，它可能是提供文件的人编造的。加上 --policy 和 --receipt 即可一并核对。"
    ),
    "The event:": "事件内容：",
    "  Kind: {kind}": "  种类：{kind}",
    "  Time: {at}": "  时间：{at}",
    "  Legs:": "  分录：",
    "{account}: {amount}": "{account}：{amount}",
    "{account}: {amount}, lot {lot}": "{account}：{amount}，批次 {lot}",
    "{amount} mg CO2e ({kg} kg), programme {programme}, year {year}": (
        "{amount} 毫克二氧化碳当量（合 {kg} 千克），项目 {programme}，{year} 年"
    ),
    "Proved: computed again from the explanation alone, the act avoids {mg} mg of CO2e, as it says.": (
        "已证明：仅凭这份说明重新计算，该行为减排 {mg} 毫克二氧化碳当量，与说明一致。"
    ),
    "  Methodology {methodology}": "  方法学 {methodology}",
    "  {name} = {value} {unit}": "  {name} = {value} {unit}",
    "  less a share of {discount}": "  再按 {discount} 的比例扣减",
    "  and no more than {mg} mg an act": "  且每次不超过 {mg} 毫克",
    "Proved: what it says was credited, {mg} mg, is no more than that and than the caps that it names.": (
        "已证明：说明所称的计入量 {mg} 毫克，没有超过上述减排量和说明所列的各项上限。"
    ),
    "CLAIMED, NOT CHECKED: what an explanation says and cannot show by itself:": (
        "仅为所称，尚未核对：以下内容仅凭说明本身无法证实："
    ),
    "  Points given: {points}": "  所得积分：{points}",
    "  The formula in words: {formula}": "  公式的文字表述：{formula}",
    "  {name} comes from {publisher}: {document}; mark {mark}": (
        "  {name} 出自 {publisher}：{document}；依据标记 {mark}"
    ),
    "  Cap: {limit} {measure} per {per}": "  上限：每 {per} {limit} {measure}",
    "  Cap: {limit} {measure} per {per}; it made less count, as what was left of it is said to be": (
        "  上限：每 {per} {limit} {measure}；据称余量不足，因此少计"
    ),
    "  Corrected: {factor} gave way to {replacement}, {from_mg} mg to {to_mg} mg, because: {reason}": (
        "  已更正：{factor} 改为 {replacement}，{from_mg} 毫克改为 {to_mg} 毫克，原因：{reason}"
    ),
    "  In words: {sentence}": "  文字说明：{sentence}",
    "NOT CHECKED: whether this formula is the published one; give --methodology to check that too.": (
        "尚未核对：这个公式是否就是已发布的公式。加上 --methodology 即可一并核对。"
    ),
    "compute a credit again from its explanation": "凭说明重新计算一次减排量",
    "the answer of GET /activities/<id>/explanation; a file or an http(s) address": (
        "GET /activities/<编号>/explanation 的答复；文件或 http(s) 地址"
    ),
    "the answer of GET /methodologies/<id>/versions/<version>; a file or an http(s) address": (
        "GET /methodologies/<编号>/versions/<版本> 的答复；文件或 http(s) 地址"
    ),
    "{amount} points, programme {programme}": "{amount} 积分，项目 {programme}",
    "{amount} fen ({yuan} yuan)": "{amount} 分（合人民币 {yuan} 元）",
    "Proved: both checkpoints are of the same {new} of the log {log}.": "已证明：两个检查点说的是存证日志 {log} 的同一状态，同样的 {new}。",
    "Proved: the log {log}, now of {new}, contains all of the old one ({old}), unchanged and at the same places.": (
        "已证明：存证日志 {log} 现有 {new}，其中完整包含旧日志的 {old}，内容和位置都没有改动。"
    ),
    "The new checkpoint ({entries}):": "新检查点（{entries}）：",
    "The old checkpoint ({entries}):": "旧检查点（{entries}）：",
    "Proved: all {entries} of the log {log} were read, and they lead to the root of its checkpoint.": (
        "已证明：已读完存证日志 {log} 的全部 {entries}，由它们算出的树根与检查点一致。"
    ),
    "Entries by type:": "按类型统计：",
    "(other types)": "（其他类型）",
    "Checked: the checkpoint's signatures, each entry's hash, each tile, the root, and that each entry is canonical "
    "JSON of an entry's form.": "已核对：检查点的签名和联署、每条记录的哈希值、每个哈希分块、树根，以及每条记录都是格式正确的规范 JSON。",
    'Not checked: whether ids occur twice, whether "prev" names an entry before, and what is behind the commitments '
    "(see the opening command).": "未核对：编号是否重复、“prev”是否指向更早的记录，以及各项承诺背后的内容（请用 opening 命令）。",
    "Beware: the policy came from the log itself, so whoever keeps the log chose the witnesses. Give --policy with a "
    "copy that you trust.": "注意：联署规则取自日志本身，也就是说见证方由日志的维护者指定。请用 --policy 给出一份您信任的规则。",
    "  Root of the tree: {root}": "  树根：{root}",
    "  Cosigned by:": "  联署的见证方：",
    "    {witness}, {time}": "    {witness}，{time}",
    "  The quorum {quorum} is met.": "  联署要求 {quorum} 已满足。",
    "  Beware: the quorum {quorum} is NOT met.": "  注意：联署要求 {quorum} 未满足。",
    "  Beware: the policy asks for no cosignatures; only the log's own signature was asked for.": (
        "  注意：规则没有要求任何联署，只核对了日志自己的签名。"
    ),
    "{seconds} seconds after 1970, which is no date": "1970 年之后 {seconds} 秒，不是有效日期",
    "{read} of {all} entries read": "已读取 {read} / {all} 条记录",
}

# The help.
_HELP = {
    "Check off line, or against a log's public files, what a transparency log proves. Ends with status 0 when it is "
    "proved, 1 when it is not, 2 when the call was wrong or something could not be read.": (
        "离线或对照存证日志的公开文件，核验日志所证明的内容。退出状态：0 表示已证明，1 表示未能证明，2 表示用法有误或有内容读取不到。"
    ),
    "check that an entry is in the log": "核验一条记录确在日志中",
    "check what an entry commits to, and show it": "核验一条记录所承诺的内容，并显示出来",
    "check that the log only grew between two checkpoints": "核验日志在两个检查点之间只增不改",
    "read a whole log and check all of it": "通读并核验整个日志",
    "Commands": "命令",
    "Arguments": "参数",
    "Options": "选项",
    "show this help": "显示本帮助",
    "the language of the answer: zh or en (default: by LANG, else en)": "输出语言：zh 或 en（默认依 LANG 而定，否则为 en）",
    "answer with one JSON object": "以一个 JSON 对象输出结果",
    "the policy: whose cosignatures are needed; a file or an http(s) address": "联署规则：需要哪些见证方联署；文件或 http(s) 地址",
    "the policy; by default the log's own": "联署规则；默认取日志自带的那一份",
    "the receipt (.tlog-proof); a file or an http(s) address": "收据（.tlog-proof）；文件或 http(s) 地址",
    "the entry's bytes; a file or an http(s) address": "记录的原始字节；文件或 http(s) 地址",
    "the entry's bytes, in base64": "记录的原始字节，以 base64 表示",
    "the entry's leaf hash, 64 hexadecimal digits": "记录的叶子哈希值，64 位十六进制数字",
    "the answer of GET /journal/revisions/<entry id>; a file or an http(s) address": (
        "GET /journal/revisions/<记录编号> 的应答；文件或 http(s) 地址"
    ),
    "the earlier checkpoint; a file or an http(s) address": "较早的检查点；文件或 http(s) 地址",
    "the later checkpoint; a file or an http(s) address": "较晚的检查点；文件或 http(s) 地址",
    "the answer of GET /journal/consistency; a file or an http(s) address": "GET /journal/consistency 的应答；文件或 http(s) 地址",
    "the log, to compute the proof from; a folder or an http(s) address": "存证日志，由其中的分块算出证明；文件夹或 http(s) 地址",
    "the log; a folder or an http(s) address": "存证日志；文件夹或 http(s) 地址",
}

# Why something is not proved or could not be read: by this package and by puhui.tlog.
REASONS = {
    # sources
    "there is no file {place}": "找不到文件 {place}",
    "there is no folder {log}": "找不到文件夹 {log}",
    "{place} cannot be read: {error}": "无法读取 {place}：{error}",
    "{place} is larger than {size} bytes": "{place} 超过 {size} 字节",
    "{address} is not there (status {status})": "{address} 不存在（状态码 {status}）",
    "{address} answered with status {status}": "{address} 返回了状态码 {status}",
    "{address} did not answer within {seconds} seconds": "{address} 未在 {seconds} 秒内应答完毕",
    "{address} broke off in the middle of its answer": "{address} 的应答中途断开",
    "{address} is not read: only http and https addresses are": "不读取 {address}：只支持 http 和 https 地址",
    "{address} sends its reader to {target}, which is not read": "{address} 要求转往 {target}，不予读取",
    "{name} is missing from the log": "日志中缺少 {name}",
    # the command line
    "the policy {place} is unusable: {error}": "联署规则 {place} 无法使用：{error}",
    "--leaf-hash takes 64 hexadecimal digits": "--leaf-hash 须为 64 位十六进制数字",
    "--entry-base64 takes standard base64: {error}": "--entry-base64 须为标准 base64：{error}",
    "--policy and --receipt go together": "--policy 与 --receipt 须同时给出",
    "interrupted": "已中断",
    "the following arguments are required: {names}": "缺少参数：{names}",
    "one of the arguments {names} is required": "须给出以下参数之一：{names}",
    "argument {name}: not allowed with argument {other}": "参数 {name} 不能与 {other} 同时使用",
    "argument {name}: expected one argument": "参数 {name} 后面须有一个值",
    "argument {name}: ignored explicit argument {value}": "参数 {name} 不带值，却给出了 {value}",
    "argument {name}: invalid choice: {value} (choose from {choices})": "参数 {name} 不能是 {value}，可选：{choices}",
    "unrecognized arguments: {names}": "无法识别的参数：{names}",
    # explanations
    "the explanation does not have the form of one": "这份说明的格式不对",
    "the formula gives {made} mg, the explanation says {said}": "按公式算得 {made} 毫克，说明写的却是 {said} 毫克",
    "{mg} mg were credited, more than the formula and the caps allow": "计入了 {mg} 毫克，超过公式和上限所允许的数量",
    "{mg} mg were credited of {made}, and no cap says why": "算得 {made} 毫克，只计入 {mg} 毫克，而没有上限说明原因",
    "a cap is said to have cut, which does not make {mg} mg of {made}": "说明称有上限减少了计入量，但 {made} 毫克因此计入 {mg} 毫克说不通",
    "the figures are not those that the correction names": "说明中的数字不是更正后的数字",
    "the input {name} is shown with another value than it was computed with": "展示的数量 {name} 与计算所用的不同",
    "the factors shown are not the ones that were computed with": "展示的因子不是计算所用的因子",
    "the methodology's document does not have the hash that the explanation names": "方法学文档的哈希与说明所写的不符",
    "the formula that was computed with is not the methodology's": "计算所用的公式不是该方法学的公式",
    "the discount that was computed with is not the methodology's": "计算所用的折扣不是该方法学的折扣",
    "the cap that was computed with is not the methodology's": "计算所用的上限不是该方法学的上限",
    "an amount of the explanation is no whole number": "说明中的数量不是整数",
    # checks
    "the revision is of {id}, its entry is {other}": "修订的编号是 {id}，其中的记录却是 {other}",
    "the old checkpoint has {old} entries and the new one {new}: are the two swapped?": (
        "旧检查点有 {old} 条记录，新检查点只有 {new} 条：两者是否给反了？"
    ),
    "the proof is about {first} and {second} entries, the checkpoints about {old} and {new}": (
        "证明说的是 {first} 条与 {second} 条记录，两个检查点说的却是 {old} 条与 {new} 条"
    ),
    "the proof is about other roots than the checkpoints'": "证明中的树根与检查点的树根不同",
    "entry {index}: {error}": "第 {index} 号记录：{error}",
    "the revision has no opening: what its entry commits to cannot be shown": "修订中没有披露材料，无法显示记录所承诺的内容",
    "a salt has 32 bytes, not {length}": "盐值应为 32 字节，而不是 {length} 字节",
    "the receipt is for entry {index}, the revision for entry {other}": "收据针对第 {index} 号记录，修订针对第 {other} 号记录",
    "the {what} has no text {name}": "{what} 中没有文本字段 {name}",
    "the {what} has no number {name}": "{what} 中没有数字字段 {name}",
    "the {what} has no list {name}": "{what} 中没有列表字段 {name}",
    "the {what} has no object {name}": "{what} 中没有对象字段 {name}",
    "the {what} is no JSON": "{what} 不是 JSON",
    "the {what} is no JSON object": "{what} 不是 JSON 对象",
    "revision": "修订",
    "explanation": "说明",
    "methodology": "方法学",
    "consistency proof": "一致性证明",
    "leaf": "叶子",
    "the revision's and the receipt's trees have one root, but {size} and {other} entries": (
        "修订与收据的默克尔树树根相同，记录数却分别是 {size} 和 {other}"
    ),
    # puhui.tlog.checkpoints
    "a checkpoint has a line each for its origin, size and root": "检查点应有日志名称、大小和树根三行",
    "a root has 32 bytes": "树根应为 32 字节",
    "the empty tree has another root": "空树的树根不是这个值",
    "a size is a decimal number without leading zeros": "大小应为不带前导零的十进制数",
    "a size is below 2^63": "大小应小于 2 的 63 次方",
    "the log's own signature ({name}) is missing": "缺少日志自己的签名（{name}）",
    "this is a checkpoint of {origin}, not of {name}": "这是 {origin} 的检查点，不是 {name} 的",
    # puhui.tlog.entries
    "the leaf is not the canonical JSON of an entry": "叶子不是一条记录的规范 JSON",
    "the leaf is no entry of version {version}": "叶子不是第 {version} 版的记录",
    "the event is {type} {id}, the entry {other_type} {other_id}": "事件是 {type} {id}，记录却是 {other_type} {other_id}",
    "the entry does not commit to this event with this salt": "记录所承诺的不是这一事件和盐值：内容被改动过",
    "a commitment and a previous leaf's hash have 32 bytes": "承诺值和前一叶子的哈希值应为 32 字节",
    "an entry has at most {most} bytes, not {length}": "一条记录最多 {most} 字节，而不是 {length} 字节",
    "this has no canonical JSON: {error}": "无法写成规范 JSON：{error}",
    # puhui.tlog.merkle
    "there is no leaf {index} in a tree of {size}": "{size} 条记录的默克尔树中没有第 {index} 号",
    "the proof has fewer hashes than the tree has levels": "证明中的哈希值少于默克尔树的层数",
    "the proof has more hashes than the tree has levels": "证明中的哈希值多于默克尔树的层数",
    "leaf {index} is not in the tree of {size}: its proof leads to another root": (
        "第 {index} 号记录不在 {size} 条记录的默克尔树中：由证明算出的是另一个树根"
    ),
    "a tree of {size} does not extend one of {old}": "{size} 条记录的树不可能是 {old} 条记录的树的延续",
    "the proof is empty": "证明是空的",
    "the tree of {size} does not extend the one of {old}: something before was changed": (
        "{size} 条记录的树不是 {old} 条记录的树的延续：先前的内容被改动过"
    ),
    "between these two sizes only an empty proof can be right": "这两个大小之间只有空证明才成立",
    "two trees of {size} leaves have different roots: the log shows two faces": (
        "同为 {size} 条记录，却有两个不同的树根：日志对不同的人出示了不同的内容"
    ),
    "a proof consists of at most 63 hashes of 32 bytes": "证明最多由 63 个 32 字节的哈希值组成",
    # puhui.tlog.notes
    "a note has at most a million bytes": "签名文本最多一百万字节",
    "a note is UTF-8": "签名文本须为 UTF-8",
    "a note has no control characters but newlines": "签名文本中除换行外不得有控制字符",
    "a note is a text, an empty line and signature lines": "签名文本应由正文、空行和签名行组成",
    "there are 1 to {most} signature lines, each ending with a newline": "签名行应有 1 至 {most} 行，每行以换行结尾",
    "a signature line is a long dash, a key name and base64": "签名行应由长破折号、密钥名称和 base64 组成",
    "a key's name is not empty and has neither spaces nor a plus sign": "密钥名称不得为空，也不得含空格或加号",
    "this is not base64": "这不是 base64",
    "this is not the canonical base64 of its bytes": "这不是规范的 base64 写法",
    "the key of {name} is no Ed25519 key of kind 1 or 4": "{name} 的密钥不是第 1 或第 4 类 Ed25519 密钥",
    "the key of {name} does not fit its id {id}: a character was changed": "{name} 的密钥与其标识 {id} 不符：有字符被改动",
    "a key's name is UTF-8": "密钥名称须为 UTF-8",
    "the time of the cosignature of {name} is not below 2^63": "{name} 联署的时间不小于 2 的 63 次方",
    "the signature of {name} is wrong": "{name} 的签名不对",
    # puhui.tlog.policy
    "line {number} of the policy: {error}": "联署规则第 {number} 行：{error}",
    "the key of {name} is of kind {kind}, not {other}": "{name} 的密钥是第 {kind} 类，应为第 {other} 类",
    "the log {name} has the key of {other}": "日志 {name} 与 {other} 的密钥相同",
    "a policy names at least one log, and one quorum": "联署规则应写明至少一个日志和一项联署要求",
    "the name {name} is taken": "名称 {name} 已被占用",
    "{name} is used before it is defined": "{name} 尚未定义就被使用",
    "the only control characters of a policy are tabs and newlines": "联署规则中除制表符和换行外不得有控制字符",
    "{name} has the key of {other}, and who signs once would count twice": "{name} 与 {other} 的密钥相同，一次联署会被算作两次",
    "{name} stands in a group already, and who signs once would count twice": "{name} 已属于另一个组，一次联署会被算作两次",
    "a group asks for any, all or a number of its members, not {text}": "组的要求应为 any、all 或成员个数，而不是 {text}",
    "{needed} of {members} members cannot be asked for": "无法要求 {members} 个成员中的 {needed} 个",
    "nobody knows what {words} means": "无法理解：{words}",
    # puhui.tlog.receipts
    "a receipt begins with {header}": "收据应以 {header} 开头",
    "a receipt has a line with the entry's index": "收据应有一行写明记录的位置",
    "the head of a receipt is ASCII": "收据的开头部分须为 ASCII",
    "the quorum {quorum} has not cosigned the checkpoint of {size}: only {who}": (
        "{size} 条记录的检查点没有满足联署要求 {quorum}：联署的只有 {who}"
    ),
    "nobody": "无",
    # puhui.tlog.tiles
    "{name} does not follow from the tiles below it": "{name} 不能由其下层的分块算出",
    "the {size} entries lead to another root than the checkpoint's": "由这 {size} 条记录算出的树根与检查点的不同",
    "entry {index} and its hash in {name} do not agree": "第 {index} 号记录与 {name} 中它的哈希值不符",
    "a bundle of entries ends in the middle of one": "记录分块在一条记录的中途结束",
    "bundle {number} has {found} entries, not {width}": "第 {number} 个记录分块有 {found} 条记录，应有 {width} 条",
    "{name} has {found} bytes, not {width}": "{name} 有 {found} 字节，应有 {width} 字节",
}

CHINESE = {**_SAID, **_HELP}

# The ledger's codes for kinds of transfers and of accounts.
KINDS = {
    "credit": "减排入账",
    "redemption": "兑换",
    "reversal": "冲正",
    "appeal": "申诉补计",
    "hold": "预扣",
    "void": "撤销预扣",
    "expire": "到期",
}
OWNERS = {
    "member": "会员",
    "organisation": "机构",
    "merchant": "商户",
    "budget": "预算",
    "issuance": "签发",
    "pool": "积分池",
    "escrow": "托管",
    "expired": "已过期",
    "retired": "已注销",
}


def language_of(arguments: list[str], environment: Mapping[str, str]) -> Language:
    """The language that the call asks for: ``--lang``, else ``LANG``, else English. Wrong values are English."""
    asked = environment.get("LANG", "")
    for here, after in pairwise([*arguments, ""]):
        if here == "--lang":
            asked = after
        elif here.startswith("--lang="):
            asked = here.removeprefix("--lang=")
    return "zh" if asked.lower().startswith("zh") else "en"


def say(language: Language, text: str, **values: object) -> str:
    """A text of this package in the language, with its values."""
    return (CHINESE[text] if language == "zh" else text).format(**values)


def reason(language: Language, message: str) -> str:
    """An error's message in the language. One that nobody has translated, or with very long values, stays as it is."""
    if language == "en" or len(message) > SHOWN_MAX:  # matching takes more than linear time
        return message
    for pattern, chinese in _patterns():
        if found := pattern.fullmatch(message):
            # A value may be a message itself ("line 3 of the policy: this is not base64").
            return chinese.format(
                **{name: reason(language, value) for name, value in found.groupdict().items()}
            )
    return message


def count(entries: int, language: Language) -> str:
    """A number of entries."""
    if entries == 1:
        return say(language, "1 entry")
    return (
        say(language, "{number} entries", number=f"{entries:,}") if entries else say(language, "no entries")
    )


def plain(line: str) -> str:
    """A line that can be shown: nothing from a file moves the cursor or turns the writing around."""
    shown = "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in line)
    return shown if len(shown) <= SHOWN_MAX else f"{shown[:SHOWN_MAX]}..."


@cache
def _patterns() -> list[tuple[re.Pattern[str], str]]:
    """The reasons as patterns, those with most fixed text first: others may fit the same message by chance."""
    by_text = sorted(REASONS.items(), key=lambda item: -len(re.sub(r"\{\w+\}", "", item[0])))
    return [
        (re.compile(re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>.+)", re.escape(english)), re.DOTALL), chinese)
        for english, chinese in by_text
    ]
