<?php
/**
 * `POST order-cancel.php`: cancels as the order screen does (operate_post `cancel` of admin/order.php), without its mail:
 * the order, the stock that placing it took, the member's balance, points and coupon change in one statement with the
 * step; the journals follow. Money paid at a gateway can only go to the member's balance; ECShop knows no other refund.
 */
class ErpSync_OrderCancel
{
    const KIND = 'cancel';
    const CANCELLED = 'cancelled';

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
        $body = $request->body(array('command_id', 'order', 'reason', 'refund', 'origin'));
        $call = array(
            'id' => $body->commandId('command_id'),
            'order' => ErpSync_OrderRow::identity($body),
            'reason' => $body->text('reason', 1, 200),
            'refund' => $body->choice('refund', array('none', 'balance')),
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
        // The customer may pay, or a person ship, between reading and writing; it is looked at anew then.
        for ($attempt = 0; $command === null || $command->step === ErpSync_Command::CLAIMED; $attempt++) {
            if ($attempt === 5) {
                throw ErpSync_Command::busy();
            }
            try {
                $order = ErpSync_OrderRow::find($this->db, $call['order']);
                $goods = new ErpSync_OrderGoods($this->db, $order['order_id']);
                $isAlready = $this->check($order, $goods, $call['refund']);
            } catch (ErpSync_ApiProblem $refusal) {
                self::withdraw($command);
                throw $refusal;
            }
            if ($isAlready) {
                self::withdraw($command);
                return array('result' => 'already', 'order_status' => (int) $order['order_status']);
            }
            if ($command === null) {
                $time = $this->app->time()->toRaw(time());
                $command = ErpSync_Command::claim($this->db, self::KIND, $call['id'], $call['hash'], array('time' => $time));
            }
            $this->cancel($command, $order, $goods, $call);
        }
        $this->writeJournals($call, $command->data);
        $command->finish(array('order_status' => 2));
        return array('result' => 'cancelled', 'order_status' => 2);
    }

    private static function withdraw($command)
    {
        if ($command !== null) {
            $command->withdraw();
        }
    }

    /** @return bool whether it is cancelled or void already */
    private function check(array $order, ErpSync_OrderGoods $goods, $refund)
    {
        if ($order['order_status'] === '2' || $order['order_status'] === '3') {
            return true;
        }
        if ($order['order_status'] === '4') {
            throw new ErpSync_ApiProblem(
                'order-closed',
                'The order was returned.',
                'A returned order is not cancelled; compare it with its newest snapshot.'
            );
        }
        if (in_array($order['shipping_status'], array('1', '2', '4'), true) || $goods->isTouched()) {
            throw new ErpSync_ApiProblem(
                'too-late',
                'Something of the order was shipped.',
                'Call the parcel back, or take the return in the shop.'
            );
        }
        if ($goods->notes() !== array()) {
            throw new ErpSync_ApiProblem(
                'needs-a-person',
                'The shop has a delivery note of this order in preparation.',
                'Delete the delivery note in the shop if nothing has left, then call again.'
            );
        }
        if ((float) $order['money_paid'] > 0) {
            $this->checkRefund($order, $refund);
        }
        return false;
    }

    private function checkRefund(array $order, $refund)
    {
        if ($refund === 'none') {
            throw new ErpSync_ApiProblem(
                'needs-a-person',
                'The order was paid.',
                'Refund it at the gateway and cancel it in the shop, or call with refund "balance".',
                'refund'
            );
        }
        $member = $order['user_id'] === '0' ? null : $this->db->value(
            'SELECT user_id FROM {users} WHERE user_id = ?',
            array($order['user_id'])
        );
        if ($member === null) {
            throw new ErpSync_ApiProblem(
                'needs-a-person',
                'The order was paid by a guest, who has no balance.',
                'Refund it at the gateway and cancel it in the shop.',
                'refund'
            );
        }
    }

    private function cancel(ErpSync_Command $command, array $order, ErpSync_OrderGoods $goods, array $call)
    {
        $changes = $this->changes($order);
        $money = '0';
        foreach ($changes as $change) {
            $money .= ' + ' . sprintf('%.2F', $change['user_money']);
        }
        $switch = new ErpSync_StockSwitch($this->app);
        $stock = $switch->current() === 'placement' ? $goods->placedStock() : new ErpSync_StockMove();
        $usesBalance = $order['user_id'] !== '0' && (float) $order['surplus'] > 0;
        $command->together(
            self::CANCELLED,
            array(
                'time' => $command->data['time'],
                'user_id' => $order['user_id'],
                'shipping_status' => (int) $order['shipping_status'],
                'changes' => $changes,
            ),
            array_merge(
                array(
                    array('JOIN {order_info} o ON o.order_id = ?', array($order['order_id'])),
                    array('LEFT JOIN {users} u ON u.user_id = ? AND u.user_id > 0', array($order['user_id'])),
                    array('LEFT JOIN {user_bonus} b ON b.bonus_id = ? AND b.bonus_id > 0', array($order['bonus_id'])),
                ),
                $stock->joins()
            ),
            array_merge(
                array(
                    array('o.order_status = 2, o.to_buyer = ?', array(
                        ErpSync_StoredText::encoded($this->db, $call['reason'], 255),
                    )),
                    array('o.pay_status = 0, o.pay_time = 0, o.money_paid = 0', array()),
                    // What the screen leaves there: the money that had been paid, or 0 if balance was used.
                    array('o.order_amount = ?', array($usesBalance ? '0' : $order['money_paid'])),
                    array('o.bonus_id = 0, o.bonus = 0, o.integral = 0, o.integral_money = 0, o.surplus = 0', array()),
                    array('u.user_money = u.user_money + ' . $money, array()),
                    array('u.pay_points = u.pay_points + ?', array((int) $order['integral'])),
                    array('b.order_id = 0, b.used_time = 0', array()),
                ),
                $stock->back()
            ),
            self::unchanged($order)
        );
    }

    /** Conditions: the order is still what was looked at. */
    private static function unchanged(array $order)
    {
        $conditions = array();
        $columns = array(
            'order_status', 'shipping_status', 'pay_status', 'user_id', 'money_paid', 'surplus', 'integral', 'bonus_id',
        );
        foreach ($columns as $column) {
            $conditions[] = array('o.' . $column . ' = ?', array($order[$column]));
        }
        return $conditions;
    }

    /** @return array what account_log is told, each in the words of `words`: payment, balance used, points used */
    private function changes(array $order)
    {
        $changes = array();
        if ($order['user_id'] === '0') {
            return $changes;
        }
        $paid = (float) $order['money_paid'];
        $used = (float) $order['surplus'];
        if ($paid > 0) {
            $changes[] = array('words' => 'refund', 'user_money' => $paid, 'rank_points' => 0, 'pay_points' => 0);
        }
        if ($used > 0) {
            // A negative payment is one that was returned to the balance before.
            $back = $paid < 0 ? $used + $paid : $used;
            $changes[] = array('words' => 'surplus', 'user_money' => $back, 'rank_points' => 0, 'pay_points' => 0);
        }
        if ((int) $order['integral'] > 0) {
            $points = (int) $order['integral'];
            $changes[] = array('words' => 'integral', 'user_money' => 0, 'rank_points' => 0, 'pay_points' => $points);
        }
        return $changes;
    }

    private function writeJournals(array $call, array $data)
    {
        $words = new ErpSync_ShopWords($this->db);
        $log = new ErpSync_ShopLog($this->db);
        $mark = ErpSync_ShopLog::mark($call['id']);
        $changes = array();
        foreach ($data['changes'] as $change) {
            $changes[] = array(
                'user_money' => sprintf('%.2F', $change['user_money']),
                'rank_points' => 0,
                'pay_points' => $change['pay_points'],
                'change_desc' => $words->say($change['words'], array($call['order']['order_sn'])),
            );
        }
        $log->account($data['user_id'], $changes, $data['time'], $mark);
        $log->action(
            array(
                'order_id' => $call['order']['order_id'],
                'action_user' => $call['origin'],
                'order_status' => 2,
                'shipping_status' => $data['shipping_status'],
                'pay_status' => 0,
                'action_place' => 0,
                'log_time' => $data['time'],
            ),
            $mark,
            $words->say('cancelled', array($call['reason']))
        );
    }
}
