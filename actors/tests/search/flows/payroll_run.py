from dataclasses import dataclass

from hero_tracing import ask_user, flow


@dataclass
class Employee:
    name: str
    iban: str
    monthly_gross: float
    unpaid_days: int = 0


@dataclass
class Payslip:
    name: str
    iban: str
    gross: float
    deductions: float
    net: float


@flow
def payslip(employee: Employee, tax_rate: float, social_rate: float) -> Payslip:
    gross = employee.monthly_gross * (1 - employee.unpaid_days / 21)
    deductions = gross * (tax_rate + social_rate)
    return Payslip(
        employee.name, employee.iban, round(gross, 2), round(deductions, 2), round(gross - deductions, 2)
    )


@flow
def main(staff: list[Employee], tax_rate: float = 0.22, social_rate: float = 0.2) -> list[Payslip]:
    """Monthly salary run: computes everybody's net pay and releases the transfers once finance has confirmed
    the sum.
    """
    slips = [payslip(employee, tax_rate, social_rate) for employee in staff]
    total = sum(slip.net for slip in slips)
    if not ask_user.confirm(f"Release {len(slips)} transfers, {total:,.2f} in all?", name="finance"):
        raise flow.Failed("not released")
    return slips
