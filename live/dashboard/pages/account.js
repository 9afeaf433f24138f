/** One's own account: balance by lots, statement, keys, withdrawals. */
import { ask } from "./api.js"
import { announce, byId, drawing, element, field, fill, onSubmit, table } from "./dom.js"
import { aligned, credits, moment } from "./format.js"
import { showKeys } from "./keys.js"
import { forSignedIn, secretBox, signOutButton } from "./sign-in.js"

const refreshMillis = 5000

/** Lines of a statement at a time: on a phone as many as leave what is below within reach. */
const statementLines = () => (matchMedia("(max-width: 46rem)").matches ? 8 : 20)

export const showAccount = () => forSignedIn(byId("account"), "account", showKnown)

const showKnown = (place, session, again) => {
  const parts = Object.fromEntries(
    ["balance", "statement", "withdrawals", "keys", "recovery"].map((name) => [
      name,
      element("div"),
    ]),
  )
  fill(
    place,
    session.is_limited
      ? element(
          "p",
          { class: "panel" },
          "You are signed in with a key that has a spending limit: with it you can look, and change nothing.",
        )
      : undefined,
    parts.balance,
    signOutButton("account", () => {
      announce("You are signed out")
      again()
    }),
    parts.statement,
    parts.withdrawals,
    parts.keys,
    parts.recovery,
  )
  const refresh = async () => {
    try {
      const account = await ask("GET", "account")
      fill(parts.balance, balance(account))
      return true
    } catch (error) {
      clearInterval(timer)
      fill(parts.balance, element("p", { class: "problem", role: "alert" }, error.message))
      return false
    }
  }
  const timer = setInterval(refresh, refreshMillis)
  const begin = async () => {
    if (!(await refresh())) return
    void showStatement(parts.statement)
    void showWithdrawals(parts.withdrawals, () => void refresh())
    void showKeys(parts.keys, session)
    showRecovery(parts.recovery, session.has_recovery_code)
  }
  void begin()
  return () => clearInterval(timer)
}

const lots = [
  ["gift", "Gift", "to spend only"],
  ["bought", "Bought", "to spend"],
  ["earned", "Earned", "to spend, or to withdraw"],
  ["vesting", "Vesting", "bounty, released day by day"],
]

const balance = ({ name, account_id: id, balance: amounts }) => {
  const values = lots.map(([lot]) => Number(amounts[lot]))
  const total = values.reduce((sum, value) => sum + value, 0)
  let x = 0
  const bar = drawing(
    "svg",
    { class: "lots", viewBox: "0 0 100 6", preserveAspectRatio: "none", "aria-hidden": "true" },
    drawing("rect", { class: "rail", width: 100, height: 6 }),
    lots.map(([lot], index) => {
      const width = total === 0 ? 0 : (100 * values[index]) / total
      x += width
      return drawing("rect", { class: lot, x: x - width, width, height: 6 })
    }),
  )
  return element(
    "div",
    { class: "panel" },
    element("p", { class: "who" }, element("strong", {}, name), " ", element("code", {}, id)),
    element(
      "p",
      { class: "total" },
      credits(amounts.spendable),
      element("small", {}, "credits to spend"),
    ),
    bar,
    element(
      "dl",
      { class: "balance" },
      lots.map(([lot, title, note]) =>
        element(
          "div",
          {},
          element("dt", { class: `key ${lot}` }, title),
          element("dd", {}, credits(amounts[lot]), element("small", {}, note)),
        ),
      ),
      element(
        "div",
        {},
        element("dt", {}, "Held"),
        element("dd", {}, credits(amounts.held), element("small", {}, "for what is under way")),
      ),
    ),
  )
}

const showStatement = async (place) => {
  const lines = []
  const limit = statementLines()
  const more = async (cursor) => {
    const page = await ask(
      "GET",
      `account/statement?limit=${limit}${cursor === null ? "" : `&cursor=${cursor}`}`,
    )
    lines.push(...page.data)
    const amounts = aligned(lines.map(({ amount }) => amount))
    const balances = aligned(lines.map((line) => line.balance))
    const rows = lines.map((line, index) => ({
      ...line,
      amount: amounts[index],
      balance: balances[index],
    }))
    fill(
      place,
      element("h2", {}, "Statement"),
      table(
        "Statement",
        [
          { title: "When", cell: ({ at }) => moment(at) },
          { title: "What for", cell: ({ what }) => what },
          { title: "Lot", cell: ({ lot }) => lot },
          {
            title: "Credits",
            align: "number",
            cell: ({ amount }) =>
              element("span", { class: amount.startsWith("-") ? "out" : "in" }, signed(amount)),
          },
          { title: "Balance", align: "number", cell: (line) => credits(line.balance) },
        ],
        rows,
        "Nothing has happened yet.",
        "ledger",
      ),
      page.next_cursor === null
        ? undefined
        : element(
            "button",
            { type: "button", class: "quiet", click: () => void more(page.next_cursor) },
            "Older lines",
          ),
    )
  }
  await more(null).catch((error) => showProblem(place, "Statement", error))
}

const signed = (amount) => (amount.startsWith("-") ? credits(amount) : `+${credits(amount)}`)

const showProblem = (place, title, error) =>
  fill(
    place,
    element("h2", {}, title),
    element("p", { class: "problem", role: "alert" }, error.message),
  )

const showWithdrawals = async (place, changed) => {
  const list = element("div")
  const amount = element("input", {
    type: "text",
    inputmode: "decimal",
    required: true,
    pattern: "\\d+(\\.\\d+)?",
    title: "A number of credits, such as 12.50",
  })
  const form = element(
    "form",
    { class: "inline" },
    field(
      "Credits to withdraw",
      amount,
      "Of what you earned; held until the platform pays it out.",
    ),
    element("button", { type: "submit" }, "Withdraw"),
  )
  const refresh = async () => {
    const { data } = await ask("GET", "account/withdrawals")
    fill(
      list,
      table(
        "Withdrawals",
        [
          { title: "When", cell: (one) => moment(one.created_at) },
          { title: "Credits", align: "number", cell: (one) => credits(one.amount) },
          {
            title: "State",
            cell: ({ state }) =>
              element("span", { class: `chip ${states[state][1]}` }, states[state][0]),
          },
        ],
        data,
        "No withdrawals yet.",
      ),
    )
  }
  onSubmit(form, async () => {
    // A name of its own makes a click that is repeated after a lost answer harmless.
    pendingId ??= crypto.randomUUID()
    await ask("POST", "account/withdrawals", {
      amount: amount.value.trim(),
      transfer_id: pendingId,
    }).catch((error) => {
      if (error.status !== 0) pendingId = undefined
      throw error
    })
    pendingId = undefined
    amount.value = ""
    announce("The withdrawal is pending")
    await refresh()
    changed()
  })
  fill(place, element("h2", {}, "Withdrawals"), element("div", { class: "panel" }, form), list)
  await refresh().catch((error) => showProblem(place, "Withdrawals", error))
}
let pendingId

const states = {
  pending: ["pending", "busy"],
  posted: ["paid out", "good"],
  voided: ["declined", "bad"],
}

const showRecovery = (place, hasCode) => {
  const fresh = element("div")
  const make = async () => {
    if (hasCode && !confirm("Make a new recovery code? The one you have ends.")) return
    try {
      const { recovery_code: code } = await ask("POST", "account/recovery-code")
      hasCode = true
      fill(
        fresh,
        element("p", {}, "Shown this once: keep it apart from your keys."),
        secretBox(code),
      )
    } catch (error) {
      fill(fresh, element("p", { class: "problem", role: "alert" }, error.message))
    }
  }
  fill(
    place,
    element("h2", {}, "Recovery code"),
    element(
      "div",
      { class: "panel" },
      element(
        "p",
        {},
        hasCode
          ? "There is one. Where all keys are lost or somebody else has one, it makes a new key and ends all others."
          : "There is none: if you lose all keys, nobody can give you the account back.",
      ),
      element(
        "button",
        { type: "button", class: "quiet", click: () => void make() },
        hasCode ? "Make a new code" : "Make a recovery code",
      ),
      fresh,
    ),
  )
}
