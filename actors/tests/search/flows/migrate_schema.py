from pathlib import Path

from hero_tracing import ask_user, flow


@flow
def pending(dsn: str, folder: str) -> list[str]:
    import psycopg

    with psycopg.connect(dsn) as connection:
        connection.execute("create table if not exists applied_migrations (name text primary key)")
        done = {name for (name,) in connection.execute("select name from applied_migrations")}
    return [path.name for path in sorted(Path(folder).glob("*.sql")) if path.name not in done]


@flow
def apply(dsn: str, folder: str, name: str) -> None:
    import psycopg

    with psycopg.connect(dsn) as connection:
        connection.execute(Path(folder, name).read_text())
        connection.execute("insert into applied_migrations values (%s)", (name,))


@flow
def main(dsn: str, folder: str) -> list[str]:
    """Runs the migrations a database has not seen yet, each in a transaction, after somebody has approved
    them.
    """
    names = pending(dsn, folder)
    if names and not ask_user.confirm("Run on production: " + ", ".join(names) + "?"):
        raise flow.Failed("not approved")
    for name in names:
        apply(dsn, folder, name)
    return names
