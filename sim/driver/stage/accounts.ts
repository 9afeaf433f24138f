/**
 * The accounts of a run at the market: who opened which, what they buy, and what they take out.
 */
import type { AccountView } from "../../../engine/index.ts"
import { accountView, hasRoomFor } from "../../../engine/index.ts"
import type { Agenda } from "../../kernel/agenda.ts"
import { LedgerFull } from "./ledger-full.ts"
import type { MarketPort } from "./market-port.ts"
import type { Setting } from "./setting.ts"
import { leastWithdrawal } from "./setting.ts"

/** Consumers have even account ids and operators odd ones: neither changes the other's. */
export const accountOfConsumer = (consumer: number): number => 2 * consumer
export const accountOfOperator = (operator: number): number => 2 * operator + 1
/** Renters of hours have even ids beyond all consumers'. */
const firstRenter = 2 ** 31
export const accountOfRenter = (renter: number): number => 2 * (firstRenter + renter)
/** There are fewer renters than that, and then of each of these. */
const most = 2 ** 21
export const accountOfEnterprise = (client: number): number => accountOfRenter(most + client)
export const accountOfHolder = (holder: number): number => accountOfRenter(2 * most + holder)
export const accountOfBatchClient = (client: number): number => accountOfRenter(3 * most + client)

export class Accounts {
  private readonly setting: Setting
  private readonly agenda: Agenda
  private readonly port: MarketPort
  /** By customer number of the ledger: which operator it is, −1: a consumer. */
  readonly operatorOfCustomer: Array<number> = []
  /** By operator: what it took out, minor units. */
  private readonly withdrawnMinor: Array<number> = []
  /** Transfers so far, purchases and withdrawals. */
  transfers = 0

  constructor(setting: Setting, agenda: Agenda, port: MarketPort) {
    this.setting = setting
    this.agenda = agenda
    this.port = port
  }

  openConsumer(consumer: number): void {
    this.open(accountOfConsumer(consumer), -1)
  }

  openRenter(renter: number): void {
    this.open(accountOfRenter(renter), -1)
  }

  openEnterprise(client: number): void {
    this.open(accountOfEnterprise(client), -1)
  }

  openHolder(holder: number): void {
    this.open(accountOfHolder(holder), -1)
  }

  openBatchClient(client: number): void {
    this.open(accountOfBatchClient(client), -1)
  }

  openOperator(operator: number): void {
    this.open(accountOfOperator(operator), operator)
  }

  /** The market finds the accounts of two operators to be one's. */
  link(operator: number, other: number): void {
    this.port.tell({
      _tag: "AccountsLinked",
      at: this.agenda.now,
      account: accountOfOperator(operator),
      other: accountOfOperator(other),
    })
  }

  private open(account: number, operator: number): void {
    this.operatorOfCustomer.push(operator)
    this.port.tell({ _tag: "AccountOpened", at: this.agenda.now, account })
  }

  /** What an account has now. */
  balanceOf(account: number): AccountView {
    const view = accountView(this.port.market, account)
    if (view === undefined) throw new Error(`simulator: there is no account ${account}`)
    return view
  }

  spendableCredits(account: number): number {
    return this.balanceOf(account).spendable / this.setting.credit
  }

  /**
   * Buys credits for an account; returns the amount, minor units. Throws `LedgerFull` where the market
   * cannot hold any more.
   */
  buy(account: number, credits: number): number {
    const { credit, scenario, startMicros } = this.setting
    const { now } = this.agenda
    const amount = Math.ceil(credits * credit)
    if (!hasRoomFor(this.port.market, amount))
      throw new LedgerFull({
        scale: scenario.economy.money.scale,
        days: (now - startMicros) / 86_400e6,
      })
    const transfer = this.transfers++
    this.port.tell({ _tag: "CreditsBought", at: now, transfer, account, amount })
    return amount
  }

  /** Takes half of an operator's free earnings out of the market, in the two phases of a withdrawal. */
  withdraw(operator: number): void {
    const account = accountOfOperator(operator)
    const { earned, held } = this.balanceOf(account)
    // Half is kept: the same account buys inference with what it earns.
    const amount = Math.floor(Math.max(0, earned - held) / 2)
    if (amount < leastWithdrawal(this.setting) || amount === 0) return
    const transfer = this.transfers++
    const at = this.agenda.now
    this.withdrawnMinor[operator] = (this.withdrawnMinor[operator] ?? 0) + amount
    this.port.tell({ _tag: "WithdrawalRequested", at, transfer, account, amount })
    this.port.tell({ _tag: "WithdrawalPosted", at, transfer })
  }

  /** What an operator took out, and what it still could, minor units. */
  moneyOf(operator: number): number {
    const { earned, vesting } = this.balanceOf(accountOfOperator(operator))
    const left = earned + vesting
    // Too little to be taken out is nothing to whoever wants money.
    const worth = left < leastWithdrawal(this.setting) ? 0 : left
    return (this.withdrawnMinor[operator] ?? 0) + worth
  }
}
