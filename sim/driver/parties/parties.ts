/**
 * The parties of a scenario: their machines, as they join and as they come back under another name,
 * and the accounts that pay for their own calls.
 */
import type { Nodes } from "../nodes/nodes.ts"
import type { Operators } from "../operators/operators.ts"
import type { Setting } from "../stage/setting.ts"
import type { PartyState } from "./party-state.ts"
import { openParties } from "./party-state.ts"

export class Parties {
  private readonly setting: Setting
  private readonly nodes: Nodes
  private readonly operators: Operators
  /** In the scenario's order. */
  readonly all: ReadonlyArray<PartyState>
  private onAdded: (node: number, party: PartyState) => void = () => {}

  constructor(setting: Setting, nodes: Nodes, operators: Operators) {
    this.setting = setting
    this.nodes = nodes
    this.operators = operators
    this.all = openParties(setting)
  }

  /** Calls for each node of a party before its life begins. */
  whenAdded(act: (node: number, party: PartyState) => void): void {
    this.onAdded = act
  }

  /** Those parties join that are `established` (there before demand begins), or the others. */
  join(isEstablished: boolean): void {
    for (const party of this.all) {
      const { settings } = party
      if (settings.isEstablished !== isEstablished) continue
      const { machines, conduct } = settings
      for (let machine = 0; machine < machines - conduct.withheldMachines; machine++)
        this.addMachine(party, `${settings.name} ${machine}`)
    }
  }

  /** `entity` names the streams of what happens to the machine. */
  private addMachine(party: PartyState, entity: string): void {
    const { scenario, offers } = this.setting
    const { settings } = party
    const { conduct } = settings
    const device = offers.devices.findIndex(({ name }) => name === settings.device)
    const model = scenario.models.findIndex(({ name }) => name === settings.model)
    const nodes: Array<number> = []
    for (let part = 0; part < conduct.splitInto; part++) {
      const node = this.operators.addNode({
        operator: this.accountFor(party),
        device,
        model,
        entity: part === 0 ? entity : `${entity}/${part}`,
        strategy: settings.strategy,
        price: settings.price,
      })
      nodes.push(node)
      party.nodes.push(node)
      const { columns } = this.nodes
      columns.party[node] = this.all.indexOf(party) + 1
      columns.lead[node] = nodes[0]
      // What is held back is used elsewhere, and paid for there.
      const costShare = conduct.speed / conduct.splitInto
      columns.idleCost[node] *= costShare
      columns.loadCost[node] *= costShare
      columns.declareFactor[node] = conduct.declaredSlots
      columns.speed[node] = conduct.speed
    }
    this.nodes.machines.join(nodes)
    for (const node of nodes) this.onAdded(node, party)
    for (const node of nodes) this.nodes.beginLife(node)
  }

  /** The party's one account, or one more. */
  private accountFor(party: PartyState): number {
    if (party.operators.length > 0 && party.settings.conduct.splitAccounts === "one")
      return party.operators[party.operators.length - 1]
    return this.newAccount(party)
  }

  private newAccount(party: PartyState): number {
    const operator = this.operators.signUp()
    party.operators.push(operator)
    return operator
  }

  /** A node is gone: where its bad name was why, its machine is back as somebody else's. */
  onGone(node: number): void {
    const party = this.all[this.nodes.columns.party[node] - 1]
    if (party === undefined || !this.nodes.isToRejoin(node)) return
    party.rejoined++
    this.newAccount(party)
    this.addMachine(party, `${party.settings.name} again ${party.rejoined}`)
  }

  /** The account that pays for what a party rents. */
  payingAccountOf(party: PartyState): number {
    return party.operators[0] ?? this.newAccount(party)
  }

  /** Opens the accounts that pay for a party's own calls beside its own. */
  openPuppets(party: PartyState): void {
    const { demand } = party.settings.conduct
    if (demand === null) return
    if (demand.paidBy === "puppets")
      for (let i = 0; i < demand.puppets; i++) {
        const puppet = this.addPuppet(party)
        if (demand.isLinked) this.operators.link(this.payingAccountOf(party), puppet)
      }
    if (demand.paidBy === "gifts") this.addPuppet(party)
  }

  /** One more account that only pays for calls; returns its operator's number. */
  addPuppet(party: PartyState): number {
    const operator = this.operators.signUp()
    party.puppets.push(operator)
    return operator
  }

  /** The account that pays for the party's next call. */
  payerOf(party: PartyState): number {
    const paidBy = party.settings.conduct.demand?.paidBy
    if (paidBy === "own") return party.operators[0]
    if (paidBy === "gifts") return party.puppets[party.puppets.length - 1]
    return party.puppets[party.nextPuppet++ % party.puppets.length]
  }

  /** A call was settled, and worth so many credits: notes it where a party made it. `number`: 0 where none did. */
  noteOwnCall(number: number, charge: number, worth: number): void {
    const buyer = this.all[number - 1]
    if (buyer === undefined) return
    buyer.calls++
    buyer.worthOfHours += worth
    buyer.spentMinor += charge
  }
}
