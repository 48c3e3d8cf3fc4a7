"""What pydicom says is turned off for as long as any thread reads, and no longer."""

import logging
import threading
import warnings

from acclimate_medical_imaging.quiet import quiet


def test_threads_that_overlap_leave_everything_as_it_was() -> None:
    logger = logging.getLogger("pydicom.valuerep")
    before = (logger.getEffectiveLevel(), list(warnings.filters))
    entered, leave = threading.Event(), threading.Event()

    def other() -> None:
        with quiet():
            entered.set()
            leave.wait(10)

    thread = threading.Thread(target=other)
    with quiet():
        thread.start()
        entered.wait(10)
    assert not logger.isEnabledFor(logging.CRITICAL)  # the other thread still reads
    leave.set()
    thread.join(10)
    assert (logger.getEffectiveLevel(), list(warnings.filters)) == before
