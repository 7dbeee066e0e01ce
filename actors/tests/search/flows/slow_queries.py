from hero_tracing import flow

SQL = """
select query, calls, mean_exec_time, total_exec_time
from pg_stat_statements where mean_exec_time > %s order by total_exec_time desc limit %s
"""


@flow
def main(dsn: str, over_ms: float = 200.0, top: int = 20) -> list[dict[str, str | float]]:
    """Which SQL statements cost the database most, from pg_stat_statements."""
    import psycopg

    with psycopg.connect(dsn) as connection:
        rows = connection.execute(SQL, (over_ms, top)).fetchall()
    return [{"query": q[:200], "calls": n, "mean_ms": mean, "total_ms": total} for q, n, mean, total in rows]
