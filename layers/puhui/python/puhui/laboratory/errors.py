"""What can go wrong in the laboratory."""

from puhui.kernel.errors import Conflict, Invalid, NotFound


class TrialNotFound(NotFound):
    code = "TRIAL_NOT_FOUND"
    zh = "没有这次试算。"
    en = "There is no such trial."


class NothingToTry(Invalid):
    code = "NOTHING_TO_TRY"
    zh = "请给出 days（过去多少天的行为）或 cases（自己的算例），至少其一。"
    en = "Give days (of past acts), or cases of your own, or both."


class BehaviourNotThisMethodology(Invalid):
    code = "BEHAVIOUR_NOT_THIS_METHODOLOGY"
    zh = "项目 {programme_id} 的任何行为都不用方法学 {methodology_id}。"
    en = "No behaviour of {programme_id} is counted by the methodology {methodology_id}."


class FactorUnknown(Invalid):
    code = "FACTOR_UNKNOWN"
    zh = "没有已发布的因子 {factor}。"
    en = "There is no published factor {factor}."


class FactorsDiffer(Invalid):
    code = "FACTORS_DIFFER"
    zh = "{replacement} 不能替代 {factor}：两者须是同一个量的两条记录，且依据足以计入减排量。"
    en = "{replacement} cannot take the place of {factor}: they have to be two records of one quantity, both good for credits."


class CorrectionNotFound(NotFound):
    code = "CORRECTION_NOT_FOUND"
    zh = "没有这次更正。"
    en = "There is no such correction."


class CorrectionClosed(Conflict):
    code = "CORRECTION_CLOSED"
    zh = "这次更正已经批准。"
    en = "The correction was approved before."


class NoSuchDay(Invalid):
    code = "NO_SUCH_DAY"
    zh = "没有 {day} 这一天，或起止颠倒。"
    en = "There is no day {day}, or it ends before it begins."
