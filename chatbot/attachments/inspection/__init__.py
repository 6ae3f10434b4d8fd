"""What looks into files of strangers, as a program of its own: `python -m chatbot.attachments.inspection`.

It knows neither Django nor the settings, so that it starts in a moment and has nothing that a broken decoder could
give away.
"""
