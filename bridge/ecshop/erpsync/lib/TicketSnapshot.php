<?php
/** Tickets as the webhook contract has them: a row of `feedback` that answers no other, with the rows that answer it. */
class ErpSync_TicketSnapshot extends ErpSync_Snapshots
{
    /** @return array id => stamp, no, status, rec_ids, digest, snapshot; without those that are not there */
    public function read(array $ids)
    {
        $tables = $this->tables($ids, false);
        $tickets = array();
        $orderIds = array();
        $marks = $this->marks($tables[1]);
        foreach (ErpSync_Rows::digests($tables) as $id => $digest) {
            $snapshot = $this->ticket($tables[0][$id][0]);
            foreach (self::rowsOf($tables[1], $id) as $row) {
                $snapshot['replies'][] = $this->reply($row, $marks);
            }
            $orderIds[] = $snapshot['order_id'];
            $tickets[$id] = array(
                'stamp' => $snapshot['msg_time'],
                'no' => '',
                'status' => null,
                'rec_ids' => array(),
                'digest' => $digest,
                'snapshot' => $snapshot,
            );
        }
        $orders = $this->source->orders($orderIds);
        foreach ($tickets as $id => $ticket) {
            $orderId = $ticket['snapshot']['order_id'];
            if (isset($orders[$orderId])) {
                $tickets[$id]['snapshot']['order_sn'] = $orders[$orderId]['order_sn'];
                $tickets[$id]['snapshot']['order_add_time'] = $orders[$orderId]['add_time'];
            }
        }
        return $tickets;
    }

    protected function tables(array $ids, $bare)
    {
        $rows = $this->source->rows;
        return array(
            $rows->of('feedback', 'msg_id', $ids, array('bare' => $bare, 'and' => 't.parent_id = 0', 'order' => 't.msg_id')),
            $rows->of('feedback', 'parent_id', $ids, array('bare' => $bare, 'order' => 't.msg_id')),
        );
    }

    private function ticket(ErpSync_Row $row)
    {
        $ticket = $row->each('id', array('msg_id', 'user_id', 'order_id'))
            + $row->each('int', array('msg_time', 'msg_type', 'msg_status'))
            + $row->each('text', array('user_name', 'user_email', 'msg_title', 'msg_content', 'message_img'));
        // The column's default.
        if ($ticket['message_img'] === '0') {
            $ticket['message_img'] = '';
        }
        return $ticket + array(
            'written_at' => $this->source->time()->instant($ticket['msg_time']),
            'order_sn' => '',
            'order_add_time' => null,
            'replies' => array(),
        ) + $row->rest();
    }

    private function reply(ErpSync_Row $row, array $marks)
    {
        $time = $row->int('msg_time');
        $reply = $row->each('id', array('msg_id', 'user_id')) + $row->each('text', array('user_name', 'msg_content')) + array(
            'msg_time' => $time,
            'written_at' => $this->source->time()->instant($time),
        );
        $id = $reply['msg_id'];
        return isset($marks[$id]) ? $reply + ErpSync_ReplyMarks::told($marks[$id], $reply['msg_content']) : $reply;
    }

    /** @return array msg_id of a reply => what of it is ours */
    private function marks(array $replies)
    {
        $ids = array();
        foreach ($replies as $rows) {
            foreach ($rows as $row) {
                $ids[] = $row->peek('msg_id');
            }
        }
        return ErpSync_ReplyMarks::of($this->source->db, $ids);
    }
}
