import pytest

from gateway.dicomweb.stow import FailureReason, Outcome, WarningReason, failure_of, store_response, store_status
from gateway.dicomweb.xml import to_xml
from gateway.errors import Reason

STORED = Outcome("1.2", "1.2.3", "http://x/studies/1/series/2/instances/3")
WARNED = Outcome("1.2", "1.2.4", "http://x/studies/1/series/2/instances/4", warning=WarningReason.COERCED)
FAILED = Outcome("1.2", "1.2.5", failure=FailureReason.SOP_CLASS_NOT_SUPPORTED)
UNNAMED = Outcome(failure=FailureReason.CANNOT_UNDERSTAND)


@pytest.mark.parametrize(
    ("outcomes", "status"),
    [
        ([STORED], 200),
        ([STORED, STORED], 200),
        ([STORED, WARNED], 202),
        ([STORED, FAILED], 202),
        ([STORED, UNNAMED], 202),
        ([FAILED], 409),
        ([FAILED, UNNAMED], 409),
        ([UNNAMED], 400),
        ([], 400),
    ],
)
def test_status(outcomes: list[Outcome], status: int) -> None:
    assert store_status(outcomes) == status


def test_response_names_every_instance() -> None:
    assert store_response([STORED, WARNED, FAILED, UNNAMED], study_url="http://x/studies/1") == {
        "00081190": {"vr": "UR", "Value": ["http://x/studies/1"]},
        "00081198": {
            "vr": "SQ",
            "Value": [
                {
                    "00081150": {"vr": "UI", "Value": ["1.2"]},
                    "00081155": {"vr": "UI", "Value": ["1.2.5"]},
                    "00081197": {"vr": "US", "Value": [0x0122]},
                }
            ],
        },
        "00081199": {
            "vr": "SQ",
            "Value": [
                {
                    "00081150": {"vr": "UI", "Value": ["1.2"]},
                    "00081155": {"vr": "UI", "Value": ["1.2.3"]},
                    "00081190": {"vr": "UR", "Value": ["http://x/studies/1/series/2/instances/3"]},
                },
                {
                    "00081150": {"vr": "UI", "Value": ["1.2"]},
                    "00081155": {"vr": "UI", "Value": ["1.2.4"]},
                    "00081190": {"vr": "UR", "Value": ["http://x/studies/1/series/2/instances/4"]},
                    "00081196": {"vr": "US", "Value": [0xB000]},
                },
            ],
        },
        "0008119A": {"vr": "SQ", "Value": [{"00081197": {"vr": "US", "Value": [0xC000]}}]},
    }


def test_response_without_a_study_has_its_url_empty() -> None:
    assert store_response([], study_url=None) == {"00081190": {"vr": "UR"}}
    assert b"FailureReason" in to_xml(store_response([FAILED], study_url=None))


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_to_withhold_has_a_code(reason: Reason) -> None:
    assert failure_of(reason) in FailureReason


def test_codes_are_the_standards() -> None:
    assert failure_of(Reason.SOP_CLASS_REFUSED) == 0x0122
    assert failure_of(Reason.UNKNOWN_TRANSFER_SYNTAX) == 0xC122
    assert failure_of(Reason.IDENTITY_MISMATCH) == 0xA900
    assert failure_of(Reason.TRUNCATED) == 0xC000
    assert failure_of(Reason.RESIDUAL_IDENTIFIER) == 0x0110
