/** The parties of a scenario: their machines, as they join and as they come back under another name. */
import { signUpOperator } from "./accounts.ts"
import { addNode } from "./new-node.ts"
import { beginLife } from "./node-life.ts"
import { isToRejoin, partyOfNode } from "./conduct.ts"
import type { PartyState } from "./party-state.ts"
import type { World } from "./world.ts"

/** Those parties join that are `established` (there before demand begins), or the others. */
export const joinParties = (world: World, isEstablished: boolean): void => {
  for (const party of world.parties) {
    const { settings } = party
    if (settings.isEstablished !== isEstablished) continue
    const { machines, conduct } = settings
    for (let machine = 0; machine < machines - conduct.withheldMachines; machine++)
      addMachine(world, party, `${settings.name} ${machine}`)
  }
}

/** `entity` names the streams of what happens to the machine. */
const addMachine = (world: World, party: PartyState, entity: string): void => {
  const { settings } = party
  const { conduct } = settings
  const device = world.offers.devices.findIndex(({ name }) => name === settings.device)
  const model = world.scenario.models.findIndex(({ name }) => name === settings.model)
  const nodes: Array<number> = []
  for (let part = 0; part < conduct.splitInto; part++) {
    const node = addNode(world, {
      operator: accountFor(world, party),
      device,
      model,
      entity: part === 0 ? entity : `${entity}/${part}`,
      strategy: settings.strategy,
    })
    nodes.push(node)
    party.nodes.push(node)
    const { columns } = world.nodes
    columns.party[node] = world.parties.indexOf(party) + 1
    columns.lead[node] = nodes[0]
    columns.hourlyCost[node] *= (conduct.speed * (1 - conduct.failShare)) / conduct.splitInto
    columns.declareFactor[node] = conduct.declaredSlots
    columns.speed[node] = conduct.speed
  }
  if (nodes.length > 1) world.machines.set(nodes[0], nodes)
  for (const node of nodes) beginLife(world, node)
}

/** The party's one account, or one more. */
const accountFor = (world: World, party: PartyState): number => {
  if (party.operators.length > 0 && party.settings.conduct.splitAccounts === "one")
    return party.operators[party.operators.length - 1]
  return newAccount(world, party)
}

const newAccount = (world: World, party: PartyState): number => {
  const operator = signUpOperator(world)
  party.operators.push(operator)
  return operator
}

/** A node of a party is gone: where its bad name was why, its machine is back as somebody else's. */
export const onGone = (world: World, node: number): void => {
  const party = partyOfNode(world, node)
  if (party === undefined || !isToRejoin(world, node)) return
  party.rejoined++
  newAccount(world, party)
  addMachine(world, party, `${party.settings.name} again ${party.rejoined}`)
}
