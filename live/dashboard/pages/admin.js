/** What the platform does with its own key: credits in and out, prices, and who did what. */
import { ask } from "./api.js"
import { showDisputes } from "./disputes.js"
import { announce, byId, element, field, fill, onSubmit, table } from "./dom.js"
import { count, credits, moment, perMillion, perToken } from "./format.js"
import { forSignedIn, signOutButton } from "./sign-in.js"

const linesShown = 30

export const showAdmin = () => forSignedIn(byId("admin"), "admin", showKnown)

const showKnown = (place, _session, again) => {
  const parts = Object.fromEntries(
    ["disputes", "withdrawals", "topUp", "models", "audit"].map((name) => [name, element("div")]),
  )
  const changed = () => void showAudit(parts.audit)
  fill(
    place,
    signOutButton("admin", () => {
      announce("You are signed out")
      again()
    }),
    parts.disputes,
    parts.withdrawals,
    parts.topUp,
    parts.models,
    parts.audit,
  )
  void showDisputes(parts.disputes, changed)
  void showWithdrawals(parts.withdrawals, changed)
  showTopUp(parts.topUp, changed)
  void showModels(parts.models, changed)
  changed()
  return () => {}
}

const problemOf = (error) => element("p", { class: "problem", role: "alert" }, error.message)

/** What was done, for who sees it and who does not. */
const say = (place, text) => {
  fill(place, element("p", { class: "done" }, text))
  announce(text)
}

/**
 * Names of transfers whose fate is not known yet, by the order, for as long as the tab lives: what is sent
 * again after a lost answer, or a reload, moves nothing twice.
 */
const transferNames = {
  kept: () => JSON.parse(sessionStorage.getItem("evenkeel-transfers") ?? "{}"),
  keep: (names) => sessionStorage.setItem("evenkeel-transfers", JSON.stringify(names)),
  of: (order) => {
    const names = transferNames.kept()
    names[order] ??= `page-${crypto.randomUUID()}`
    transferNames.keep(names)
    return names[order]
  },
  settle: (order) => {
    const { [order]: _, ...others } = transferNames.kept()
    transferNames.keep(others)
  },
}

/** An answer that tells of what is older than this tells of an order that had arrived before, s. */
const repeatedAfter = 5

const showTopUp = (place, changed) => {
  const account = element("input", {
    type: "text",
    required: true,
    maxlength: "100",
    spellcheck: "false",
    placeholder: "acct_…",
  })
  const amount = element("input", {
    type: "text",
    inputmode: "decimal",
    required: true,
    pattern: "\\d+(\\.\\d+)?",
    title: "A number of credits, such as 12.50",
  })
  const memo = element("input", { type: "text", maxlength: "200" })
  const done = element("div")
  const form = element(
    "form",
    { class: "panel" },
    element(
      "div",
      { class: "inline" },
      field("Account", account, "Its id: the page “My account” shows it to its owner."),
      field("Credits to add", amount, "That it has paid for."),
    ),
    field("Note", memo, "Such as the invoice; shown with the transfer."),
    element("button", { type: "submit" }, "Top up …"),
    done,
  )
  onSubmit(form, async () => {
    fill(done)
    const order = { id: account.value.trim(), amount: amount.value.trim(), memo: memo.value.trim() }
    const path = `admin/accounts/${encodeURIComponent(order.id)}`
    const { name, balance } = await ask("GET", path)
    const question = `Add ${credits(order.amount)} credits to “${name}” (${order.id})? It has ${credits(balance.spendable)} to spend now.`
    if (!confirm(question)) return
    const text = JSON.stringify(order)
    const { transfer, balance: after } = await ask("POST", `${path}/top-up`, {
      transfer_id: transferNames.of(text),
      amount: order.amount,
      ...(order.memo === "" ? {} : { memo: order.memo }),
    }).catch((error) => {
      // Refused, or not known: only what was refused is over.
      if (error.status >= 400 && error.status < 500) transferNames.settle(text)
      throw error
    })
    transferNames.settle(text)
    amount.value = ""
    memo.value = ""
    const isRepeated = Date.now() / 1000 - transfer.created_at > repeatedAfter
    say(
      done,
      `${credits(transfer.amount)} credits were added to “${name}”${isRepeated ? ` at ${moment(transfer.created_at)} already, and not again now` : ""}. It has ${credits(after.spendable)} to spend.`,
    )
    changed()
  })
  fill(place, element("h2", {}, "Top up an account"), form)
}

const states = {
  pending: ["pending", "busy"],
  posted: ["paid out", "good"],
  voided: ["declined", "bad"],
}

const showWithdrawals = async (place, changed) => {
  const list = element("div")
  const done = element("div")
  let wanted = "pending"
  const choices = [
    ["pending", "Pending"],
    ["", "All"],
  ].map(([state, title]) =>
    element(
      "button",
      { type: "button", class: "quiet", "aria-pressed": String(state === wanted), value: state },
      title,
    ),
  )
  for (const choice of choices)
    choice.addEventListener("click", () => {
      wanted = choice.value
      for (const one of choices) one.setAttribute("aria-pressed", String(one === choice))
      void refresh()
    })
  const settle = async (one, verb, question, past) => {
    if (!confirm(question)) return
    fill(done)
    try {
      await ask("POST", `admin/withdrawals/${one.id}/${verb}`)
      say(done, `The withdrawal of ${credits(one.amount)} credits is ${past}.`)
    } catch (error) {
      fill(done, problemOf(error))
    }
    await refresh()
    changed()
  }
  const action = (one, title, ...rest) =>
    element(
      "button",
      {
        type: "button",
        class: "quiet",
        "aria-label": `${title} ${one.id}`,
        click: () => void settle(one, ...rest),
      },
      title,
    )
  const refresh = async () => {
    try {
      const { data } = await ask(
        "GET",
        `admin/withdrawals?limit=100${wanted === "" ? "" : `&state=${wanted}`}`,
      )
      fill(
        list,
        table(
          "Withdrawals",
          [
            {
              title: "Asked for",
              cell: (one) => [moment(one.created_at), element("small", {}, one.memo ?? "")],
            },
            { title: "Account", cell: (one) => element("code", {}, one.account_id) },
            { title: "Credits", align: "number", cell: (one) => credits(one.amount) },
            {
              title: "State",
              cell: ({ state, settled_at: at }) => [
                element("span", { class: `chip ${states[state][1]}` }, states[state][0]),
                at === null ? undefined : element("small", {}, moment(at)),
              ],
            },
            {
              title: "Actions",
              cell: (one) =>
                one.state === "pending"
                  ? [
                      action(
                        one,
                        "Paid out …",
                        "post",
                        `Have ${one.amount} credits been paid to ${one.account_id}, outside of the market? They leave the account for good.`,
                        "settled as paid out",
                      ),
                      action(
                        one,
                        "Decline …",
                        "void",
                        `Decline the withdrawal of ${one.amount} credits by ${one.account_id}? They are its own to spend again.`,
                        "declined",
                      ),
                    ]
                  : "–",
            },
          ],
          data,
          wanted === "pending"
            ? "No withdrawal is waiting: operators ask for one under “My account”."
            : "Nobody has asked for a withdrawal yet.",
        ),
      )
    } catch (error) {
      fill(list, problemOf(error))
    }
  }
  fill(
    place,
    element("h2", {}, "Withdrawals"),
    element("div", { class: "choices", role: "group", "aria-label": "Which withdrawals" }, choices),
    done,
    list,
  )
  await refresh()
}

const showModels = async (place, changed) => {
  const list = element("div")
  const done = element("div")
  const name = element("input", { type: "text", required: true, maxlength: "200" })
  const price = () =>
    element("input", {
      type: "text",
      inputmode: "decimal",
      required: true,
      pattern: "\\d+(\\.\\d+)?",
      title: "A number of credits, such as 0.40",
    })
  const input = price()
  const output = price()
  const kind = element(
    "select",
    {},
    element("option", { value: "text" }, "text"),
    element("option", { value: "embedding" }, "embeddings"),
  )
  const context = element("input", { type: "number", min: "1", max: "100000000", step: "1" })
  let models = []
  const form = element(
    "form",
    { class: "panel" },
    element(
      "div",
      { class: "inline" },
      field("Model", name, "A name that is listed already gets new prices; another one is listed."),
      field("Kind", kind, "Fixed once it is listed."),
      field("Context, tokens", context, "Prompt and answer together; empty: as before, or 8192."),
    ),
    element(
      "div",
      { class: "inline" },
      field("A million tokens of answers, credits", output),
      field("A million tokens of prompts, credits", input),
    ),
    element("button", { type: "submit" }, "Set the price …"),
    done,
  )
  name.addEventListener("change", () => {
    const known = models.find(({ model }) => model === name.value.trim())
    if (known !== undefined) edit(known)
  })
  const edit = (one) => {
    name.value = one.model
    kind.value = one.kind
    context.value = String(one.context_tokens)
    output.value = perMillion(one.output_price_per_token).replaceAll(",", "")
    input.value = perMillion(one.input_price_per_token).replaceAll(",", "")
  }
  const refresh = async () => {
    try {
      ;({ models } = await ask("GET", "market"))
      fill(
        list,
        table(
          "Prices of models",
          [
            { title: "Model", cell: ({ model }) => model },
            {
              title: "Answers, a million tokens",
              align: "number",
              cell: (one) => perMillion(one.output_price_per_token),
            },
            {
              title: "Prompts, a million tokens",
              align: "number",
              cell: (one) => perMillion(one.input_price_per_token),
            },
            { title: "Context", align: "number", cell: (one) => count(one.context_tokens) },
            {
              title: "Actions",
              cell: (one) =>
                element(
                  "button",
                  {
                    type: "button",
                    class: "quiet",
                    "aria-label": `Change the price of ${one.model}`,
                    click: () => {
                      edit(one)
                      output.focus()
                    },
                  },
                  "Change",
                ),
            },
          ],
          models,
          "No model is listed yet: the form above lists the first.",
        ),
      )
    } catch (error) {
      fill(list, problemOf(error))
    }
  }
  onSubmit(form, async () => {
    fill(done)
    const model = name.value.trim()
    const known = models.find((one) => one.model === model)
    const now = `${output.value.trim()} for answers and ${input.value.trim()} for prompts, a million tokens`
    const question =
      known === undefined
        ? `List the new model “${model}” at ${now}?`
        : `Change the price of “${model}” for all calls from now on? It was ${perMillion(known.output_price_per_token)} and ${perMillion(known.input_price_per_token)}; it becomes ${now}.`
    if (!confirm(question)) return
    await ask("POST", "admin/models", {
      model,
      kind: kind.value,
      ...(context.value === "" ? {} : { context_tokens: Number(context.value) }),
      input_price_per_token: perToken(input.value.trim()),
      output_price_per_token: perToken(output.value.trim()),
    })
    say(done, `“${model}” costs ${now}, from now on.`)
    await refresh()
    changed()
  })
  fill(
    place,
    element("h2", {}, "Models and prices"),
    form,
    list,
    element(
      "p",
      {},
      element(
        "small",
        {},
        "Prices in the gateway’s configuration are set again at each start: what it names is changed there.",
      ),
    ),
  )
  await refresh()
}

const showAudit = async (place) => {
  const lines = []
  const more = async (cursor) => {
    const page = await ask(
      "GET",
      `admin/audit?limit=${linesShown}${cursor === null ? "" : `&cursor=${cursor}`}`,
    )
    lines.push(...page.data)
    fill(
      place,
      element("h2", {}, "Audit log"),
      table(
        "Audit log",
        [
          { title: "When", cell: ({ at }) => moment(at) },
          { title: "What", cell: ({ finding }) => findings[finding] ?? finding },
          {
            title: "About",
            cell: ({ subject }) => (subject === null ? "–" : element("code", {}, subject)),
          },
          {
            title: "Quantity",
            align: "number",
            cell: quantityOf,
          },
          {
            title: "By",
            cell: ({ actor }) => (actor === null ? "the market" : element("code", {}, actor)),
          },
        ],
        lines,
        "Nothing has been noted yet: changes by an admin and findings of the market stand here.",
      ),
      element(
        "p",
        {},
        element("small", {}, "Quantities of money are in minor units, as the rules count them."),
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
  await more(null).catch((error) => fill(place, element("h2", {}, "Audit log"), problemOf(error)))
}

const findings = {
  ToppedUp: "An account was topped up",
  PoolFunded: "The bounty pool was funded",
  WithdrawalPosted: "A withdrawal was paid out",
  WithdrawalVoided: "A withdrawal was declined",
  ModelListed: "A model was listed, or its price changed",
  AccountsLinked: "Two accounts were linked",
  FraudConfirmed: "A fraud was confirmed",
  AdminKeyRotated: "An admin key was rotated",
  AdminKeyMade: "An admin key was made beside the gateway",
  OverReported: "A host claimed more tokens than it delivered",
  CredentialRefused: "A host’s provider refuses its token",
  Clawback: "Unvested bounty was taken back",
  NoShow: "A provider did not give access to hours that it had sold",
  QualityFailed: "An answer was not the model’s",
  DisputeLost: "A dispute over hours was lost",
  HoursLeft: "A provider left hours that it was delivering, and lost a part of its bond",
  DisputeRuled: "A dispute over hours was ruled on",
}

/** Rulings are parts of what was disputed; findings about hours name their booking. @param {any} entry */
const quantityOf = ({ finding, quantity, booking }) => {
  if (booking !== null) return element("code", {}, booking)
  if (quantity === null) return "–"
  return finding === "DisputeRuled" ? `${quantity / 100}% to the consumer` : String(quantity)
}
