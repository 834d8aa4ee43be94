"""A site of Django with a database in memory."""
import django
from django.conf import settings
from django.core.management import call_command
from django.test import Client


def start(apps, **options):
    """Configures Django, creates the tables, and returns a client that sends requests to http://localhost:3000."""
    settings.configure(
        SECRET_KEY="a-secret-of-a-test",
        ALLOWED_HOSTS=["localhost"],
        ROOT_URLCONF="__main__",
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
        INSTALLED_APPS=[
            "django.contrib.auth",
            "django.contrib.contenttypes",
            "django.contrib.sessions",
            "django.contrib.messages",
            *apps,
        ],
        TEMPLATES=[
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "APP_DIRS": True,
                "OPTIONS": {"context_processors": ["django.template.context_processors.request"]},
            }
        ],
        EMAIL_BACKEND="django.core.mail.backends.locmem.EmailBackend",
        LOGIN_REDIRECT_URL="/",
        USE_TZ=True,
        **options,
    )
    django.setup()
    call_command("migrate", verbosity=0)
    return Client(HTTP_HOST="localhost:3000")


def logged_in_user(client):
    """Returns the user of the session."""
    from django.contrib.auth import get_user_model

    user_id = client.session.get("_auth_user_id")
    if user_id is None:
        raise SystemExit("no user is logged in")
    return get_user_model().objects.get(pk=user_id)
