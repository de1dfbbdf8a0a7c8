// npm's @nktkas/hyperliquid, unmodified, against an exchange at any URL: one JSON document on stdin
// and one on stdout.
//
// {"url": u, "privateKey": k, "asset": n, "coin": c}
//   -> {"info": {method: answer}, "actions": [[name, answer or refusal]]}
import { readFileSync } from 'node:fs'
import { ExchangeClient, HttpTransport, InfoClient } from '@nktkas/hyperliquid'
import { Wallet } from 'ethers'

const { url, privateKey, asset, coin } = JSON.parse(readFileSync(0, 'utf8'))
const transport = new HttpTransport({ isTestnet: true, apiUrl: url })
const wallet = new Wallet(privateKey)
const user = wallet.address
const info = new InfoClient({ transport })
const exchange = new ExchangeClient({ transport, wallet })

const questions = {
  activeAssetData: { user, coin },
  allMids: {},
  allPerpMetas: undefined,
  approvedBuilders: { user },
  clearinghouseState: { user },
  exchangeStatus: undefined,
  extraAgents: { user },
  frontendOpenOrders: { user },
  fundingHistory: { coin, startTime: 0 },
  historicalOrders: { user },
  isVip: { user },
  l2Book: { coin },
  legalCheck: { user },
  liquidatable: undefined,
  marginTable: { id: 10 },
  maxBuilderFee: { user, builder: user },
  maxMarketOrderNtls: undefined,
  meta: {},
  metaAndAssetCtxs: {},
  openOrders: { user },
  perpCategories: undefined,
  perpConciseAnnotations: undefined,
  perpDexLimits: { dex: 'xyz' },
  perpDexStatus: { dex: 'xyz' },
  perpDexs: undefined,
  perpsAtOpenInterestCap: {},
  preTransferCheck: { user, source: user },
  predictedFundings: undefined,
  recentTrades: { coin },
  spotClearinghouseState: { user },
  spotMeta: undefined,
  spotMetaAndAssetCtxs: undefined,
  subAccounts: { user },
  subAccounts2: { user },
  twapHistory: { user },
  userAbstraction: { user },
  userDexAbstraction: { user },
  userFees: { user },
  userFills: { user },
  userFillsByTime: { user, startTime: 0 },
  userFunding: { user, startTime: 0 },
  userNonFundingLedgerUpdates: { user, startTime: 0 },
  userRateLimit: { user },
  userRole: { user },
  userToMultiSigSigners: { user },
  userTwapSliceFills: { user },
  userVaultEquities: { user },
  vaultDetails: { vaultAddress: user },
  webData2: { user },
}
const answers = {}
for (const [method, parameters] of Object.entries(questions)) {
  answers[method] = await info[method](parameters)
}

const actions = [
  ['updateLeverage', { asset, isCross: true, leverage: 5 }],
  ['updateLeverage', { asset, isCross: true, leverage: 999 }],
  ['updateLeverage', { asset, isCross: false, leverage: 3 }],
  ['updateIsolatedMargin', { asset, isBuy: true, ntli: 5_000_000 }],
  ['topUpIsolatedOnlyMargin', { asset, leverage: '2.0' }],
  ['noop', { nonce: Date.now() + 5_000 }],
]
const outcomes = []
for (const [name, parameters] of actions) {
  try {
    outcomes.push([name, await exchange[name](parameters)])
  } catch (error) {
    outcomes.push([name, error.message])
  }
}
process.stdout.write(JSON.stringify({ info: answers, actions: outcomes }))
