import { createTransport, type HttpResult } from '#adapters/http/transport.ts'
import { EpochMsSchema } from '#contracts/instant.ts'
import type { WebhookTarget } from '#contracts/webhook-target.ts'
import type { ProbeDeps, ProbeFinding } from '#ports/erp-target.ts'
import { readAnswer } from './answers.ts'
import { keysIn, signatureHeaders } from './signature.ts'

/** Of nobody. */
const WRONG_KEY = `whsec_${Buffer.from('this key is not the right one...').toString('base64')}`

/** Posts `connection.test` twice, signed rightly and wrongly: a receiver takes the one and refuses the other. */
export async function probeWebhook({
  config,
  secrets,
  fetch,
  clock,
  deadline,
}: ProbeDeps & { config: WebhookTarget }): Promise<ProbeFinding[]> {
  const keys = keysIn((await secrets())?.['signing'])
  if (!keys) return [UNSIGNED]
  const transport = createTransport({ clock, fetch })
  const post = (id: string, by: readonly string[]): Promise<HttpResult> => {
    const now = clock.now()
    const body = JSON.stringify({ type: 'connection.test', timestamp: EpochMsSchema.encode(now), data: {} })
    const headers = {
      accept: 'application/json',
      'content-type': 'application/json',
      ...signatureHeaders(by, { id, timestamp: Math.floor(now / 1000), body }),
    }
    return transport({ method: 'POST', url: config.url, headers, body }, deadline)
  }

  const id = `msg_test_${clock.now()}`
  const taken = readAnswer(await post(id, keys), [], clock.now())
  const about = config.url
  if (!taken.ok) {
    const { class: kind, message } = taken.failure
    return [
      {
        check: 'server',
        is: 'wrong',
        about,
        en: {
          message: `it does not take a message that is signed rightly (${kind}): ${message}`,
          remedy:
            'Compare webhook.url and the secret "signing" with what the receiver has; it must answer 2xx.',
        },
        zh: {
          message: `接收方不接受签名正确的消息（${kind}）：${message}`,
          remedy: '请核对 webhook.url 与密钥 "signing" 是否与接收方一致；接收方须返回 2xx。',
        },
      },
    ]
  }
  const findings: ProbeFinding[] = [
    {
      check: 'server',
      is: 'ok',
      about,
      en: { message: 'it takes a message that is signed rightly' },
      zh: { message: '接受签名正确的消息' },
    },
  ]
  const forged = readAnswer(await post(`${id}_forged`, [WRONG_KEY]), [], clock.now())
  return [...findings, forged.ok ? CREDULOUS : forged.failure.class === 'AuthDenied' ? REFUSES : UNCLEAR]
}

const UNSIGNED: ProbeFinding = {
  check: 'secret',
  is: 'wrong',
  en: {
    message: 'there is no secret "signing" of the form whsec_…',
    remedy: 'Put it with `npm run sync -- secret put`.',
  },
  zh: { message: '缺少 whsec_… 形式的密钥 "signing"', remedy: '请用 `npm run sync -- secret put` 存入。' },
}

const REFUSES: ProbeFinding = {
  check: 'signature',
  is: 'ok',
  en: { message: 'it refuses a message that is signed wrongly' },
  zh: { message: '拒绝签名错误的消息' },
}

const CREDULOUS: ProbeFinding = {
  check: 'signature',
  is: 'warning',
  en: {
    message: 'it takes a message that is signed wrongly, and so from anybody who knows its address',
    remedy: 'Let the receiver verify webhook-signature and answer 401 (docs/guides/webhook-target.md).',
  },
  zh: {
    message: '也接受签名错误的消息，即任何知道地址的人都能发送',
    remedy: '请让接收方校验 webhook-signature，不符时返回 401（docs/guides/webhook-target.zh-CN.md）。',
  },
}

const UNCLEAR: ProbeFinding = {
  check: 'signature',
  is: 'warning',
  en: {
    message: 'it does not answer 401 or 403 to a message that is signed wrongly',
    remedy: 'Let the receiver answer 401: any other refusal parks a delivery, or is taken for an outage.',
  },
  zh: {
    message: '对签名错误的消息没有返回 401 或 403',
    remedy: '请让接收方返回 401：其他拒绝会使单据被搁置，或被当作故障。',
  },
}
