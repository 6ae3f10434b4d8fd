"""Why agents of the demonstration are busy or away."""

from chatbot.models import Availability, AvailabilityReason

REASONS = {
    Availability.BUSY: ("In a meeting", "Writing up", "会议中", "处理工单"),
    Availability.AWAY: ("Break", "Lunch", "休息", "午餐"),
}


def create_demo_reasons() -> None:
    """Create them where there are none at all: what was deleted does not come back."""
    if not AvailabilityReason.objects.exists():
        AvailabilityReason.objects.bulk_create(
            AvailabilityReason(availability=availability, text=text)
            for availability, texts in REASONS.items()
            for text in texts
        )
