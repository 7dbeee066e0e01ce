from hero_tracing import flow


@flow
def settle(paid: dict[str, float]) -> list[str]:
    """Shares the costs of a group fairly: who gives how much to whom, with as few payments as possible."""
    share = sum(paid.values()) / len(paid)
    balance = {name: round(amount - share, 2) for name, amount in paid.items()}
    transfers = []
    while max(balance.values()) > 0.01:
        creditor = max(balance, key=balance.__getitem__)
        debtor = min(balance, key=balance.__getitem__)
        amount = min(balance[creditor], -balance[debtor])
        balance[creditor] -= amount
        balance[debtor] += amount
        transfers.append(f"{debtor} -> {creditor}: {amount:.2f}")
    return transfers
