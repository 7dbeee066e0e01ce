import math
import statistics

from hero_tracing import flow


@flow
def main(
    daily_sales: list[float], lead_time_days: float, on_hand: float, service_level: float = 0.95
) -> dict:
    """Safety stock and reorder point of an article from its sales and the supplier's lead time; says if it is
    time to order.
    """
    mean, deviation = statistics.fmean(daily_sales), statistics.pstdev(daily_sales)
    z = statistics.NormalDist().inv_cdf(service_level)
    safety_stock = z * deviation * math.sqrt(lead_time_days)
    point = mean * lead_time_days + safety_stock
    return {
        "safety_stock": math.ceil(safety_stock),
        "reorder_point": math.ceil(point),
        "order_now": on_hand <= point,
    }
