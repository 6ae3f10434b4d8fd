"""The language switch that both services share."""

from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST
from django.views.i18n import set_language as django_set_language

# Without a CSRF token: the worst a foreign page can do is change the language. Django checks that `next` is local.
set_language = csrf_exempt(require_POST(django_set_language))
