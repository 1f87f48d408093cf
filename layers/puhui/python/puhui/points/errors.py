"""What points refuse, and why.

RewardNotDonation   422  unspent points can only be given to a donation of the same programme
RewardMissing       422  a donation needs a reward, expiry takes none
ReportNotFound      404
JobNotFound         404
DayNotToday         403  runs are for the present day, but where things are tried out
"""

from puhui.kernel.errors import Forbidden, Invalid, NotFound


class RewardNotDonation(Invalid):
    code = "REWARD_NOT_DONATION"
    zh = "{reward_id} 不是项目 {programme_id} 的公益捐赠。"
    en = "{reward_id} is not a donation of {programme_id}."


class RewardMissing(Invalid):
    code = "REWARD_MISSING"
    zh = "选择捐赠时请给出 reward_id，选择到期作废时不要给出。"
    en = "Give reward_id with donate, and none with expire."


class ReportNotFound(NotFound):
    code = "REPORT_NOT_FOUND"
    zh = "没有这份报告。"
    en = "There is no such report."


class JobNotFound(NotFound):
    code = "JOB_NOT_FOUND"
    zh = "没有这次到期处理。"
    en = "There is no such run."


class DayNotToday(Forbidden):
    code = "DAY_NOT_TODAY"
    zh = "只有本地环境可以指定日期。"
    en = "Another day than today can be given in the local stage only."
