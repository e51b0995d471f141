<?php
/**
 * `POST order-notes.php`: a line in the order's log (`order_action`), for the shop's people. It repeats the order's own
 * statuses and changes nothing that a snapshot tells. The row is made with the mark of its command and gets its words
 * together with the step, so that it is there exactly once.
 */
class ErpSync_OrderNotes
{
    const KIND = 'note';

    /** @var ErpSync_App */
    private $app;
    /** @var ErpSync_Db */
    private $db;

    public function __construct(ErpSync_App $app)
    {
        $this->app = $app;
        $this->db = $app->db;
    }

    public function answer(ErpSync_ApiRequest $request)
    {
        $body = $request->body(array('note_id', 'order', 'text', 'author', 'at', 'origin'));
        $call = array(
            'id' => $body->commandId('note_id'),
            'order' => ErpSync_OrderRow::identity($body),
            'text' => $body->text('text', 1, 255),
            'author' => $body->text('author', 1, 30),
            'at' => $body->instant('at'),
            'origin' => $body->origin(),
        );
        $call['hash'] = ErpSync_Command::hash($call);
        $lock = 'order.' . $call['order']['order_id'];
        ErpSync_Command::lock($this->db, $lock);
        $answer = $this->record($call);
        $this->db->unlock($lock);
        return $answer;
    }

    private function record(array $call)
    {
        $command = ErpSync_Command::find($this->db, self::KIND, $call['id'], $call['hash']);
        if ($command !== null && $command->step === ErpSync_Command::DONE) {
            return array('result' => 'duplicate') + $command->data;
        }
        try {
            $order = ErpSync_OrderRow::find($this->db, $call['order']);
        } catch (ErpSync_ApiProblem $refusal) {
            if ($command !== null) {
                // Deleted with its log since the call that was cut off.
                $command->withdraw();
            }
            throw $refusal;
        }
        if ($command === null) {
            // The log is sorted by time: nothing in it is later than now.
            $time = $this->app->time()->toRaw(min($call['at'], time()));
            $command = ErpSync_Command::claim($this->db, self::KIND, $call['id'], $call['hash'], array('time' => $time));
        }
        $actionId = $this->row($order, $call, $command->data['time']);
        $answer = array('note_id' => $call['id'], 'action_id' => (string) $actionId);
        $isRecorded = $command->together(
            ErpSync_Command::DONE,
            $answer,
            array(
                array('JOIN {order_action} a ON a.action_id = ?', array($actionId)),
                array('JOIN {order_info} o ON o.order_id = a.order_id', array()),
            ),
            array(
                array('a.action_note = ?', array(ErpSync_StoredText::encoded($this->db, $call['text'], 255))),
                array('a.order_status = o.order_status, a.shipping_status = o.shipping_status', array()),
                array('a.pay_status = o.pay_status', array()),
            ),
            array()
        );
        if (!$isRecorded) {
            // A person deleted the order this very moment.
            throw ErpSync_Command::busy();
        }
        return array('result' => 'recorded') + $answer;
    }

    /** @return int|string action_id of the command's row, which a call that was cut off may have left */
    private function row(array $order, array $call, $time)
    {
        $mark = ErpSync_ShopLog::mark($call['id']);
        $found = $this->db->value(
            'SELECT action_id FROM {order_action} WHERE order_id = ? AND log_time = ? AND action_note = ? LIMIT 1',
            array($order['order_id'], $time, $mark)
        );
        if ($found !== null) {
            return $found;
        }
        $log = new ErpSync_ShopLog($this->db);
        $log->insert('order_action', array(array(
            'order_id' => $order['order_id'],
            'action_user' => ErpSync_StoredText::encoded($this->db, $call['author'], 30),
            'order_status' => $order['order_status'],
            'shipping_status' => $order['shipping_status'],
            'pay_status' => $order['pay_status'],
            'action_place' => 0,
            'action_note' => $mark,
            'log_time' => $time,
        )));
        return $this->db->insertId();
    }
}
