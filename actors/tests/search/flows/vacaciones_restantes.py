from datetime import date

from hero_tracing import flow


@flow
def main(
    alta: date, dias_disfrutados: float, hoy: date | None = None, dias_por_ano: int = 23
) -> dict[str, float]:
    """Calcula los días de vacaciones que le quedan a un empleado según su fecha de alta y lo ya disfrutado."""
    hoy = hoy or flow.now().date()
    inicio = max(alta, date(hoy.year, 1, 1))
    fraccion = (date(hoy.year, 12, 31) - inicio).days / 365
    devengados = round(dias_por_ano * min(1.0, fraccion) * 2) / 2
    return {"devengados": devengados, "restantes": devengados - dias_disfrutados}
