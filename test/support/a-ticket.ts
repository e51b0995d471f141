import type { Ticket } from '#contracts/ticket.ts'

/** A member's complaint about the order of `canonicalOrder()`, not answered yet. */
export function aTicket(change: Partial<Ticket> = {}): Ticket {
  return {
    shop: 'demo',
    ticketId: '61',
    msgTime: 1_763_800_000,
    writtenAt: '2025-11-22T08:26:40Z',
    timeZone: 'Asia/Shanghai',
    type: 'after-sale',
    title: '搅拌机不转',
    content: '开机后没有反应。',
    image: '',
    customer: { userId: '12', name: 'demo-buyer', email: 'buyer@example.com', reference: 'ECdemo-U12' },
    order: {
      orderId: '1001',
      orderSn: '2026112001001',
      addTime: 1_763_600_000,
      reference: 'ECdemo-2026112001001-rt',
    },
    replies: [],
    extra: {},
    ...change,
  }
}

export function aReply(change: Partial<Ticket['replies'][number]> = {}): Ticket['replies'][number] {
  return { replyId: '62', at: '2025-11-22T09:00:00Z', by: 'admin', text: '请寄回检测。', ...change }
}
