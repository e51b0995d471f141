<?php
/**
 * Money that ECShop gave back for orders, as far as it wrote that down: a credit in the member's `account_log`. Its only
 * link to the order is the text (order_refund of lib_order.php, return_user_surplus_integral_bonus of admin/order.php,
 * cancel_order of lib_transaction.php). A guest has no balance, and a refund "outside" leaves nothing.
 */
class ErpSync_Refunds
{
    /** Seconds within which one request writes the credit, the wish to be paid out and the action on the order. */
    const REQUEST = 5;
    /** ACT_OTHER: what ECShop itself writes for orders; an administrator's own adjustment is 2. */
    const BY_SHOP = 99;
    /** SURPLUS_RETURN of user_account. */
    const WITHDRAWAL = 1;

    /** The balance that an order had used. ECShop's own words (zh_cn, zh_tw, en_us, the same in 2.7.3 and 2.8), then ours. */
    private static $returned = array(
        '由于取消、无效或退货操作，退回支付订单 %s 时使用的预付款',
        '由於取消、無效或退貨操作，退回支付訂單 %s 時使用的預付款',
        'Because of canceled, invalid or return operation, returned to pay for the use of orders %s advances',
        '取消订单 %s，退回支付订单时使用的预付款',
        '取消訂單 %s，退回支付訂單時使用的預付款',
        'Cancel order %s,return advancedly payed balance for order',
        '编辑订单 %s ，改变使用预付款支付的金额',
        '編輯訂單 %s ，改變使用預付款支付的金額',
        'Edit orders %s, change the use of the advance payment',
        '订单 %s 取消，退回所用余额',
        'Order %s cancelled: balance used is returned',
    );

    /** Not of the order's own money: a commission for having brought the customer. */
    private static $others = array('订单号 %s, 分成', '訂單號 %s, 分成', 'Order No. %s, divided into');

    /** @var ErpSync_Db */
    private $db;

    public function __construct(ErpSync_Db $db)
    {
        $this->db = $db;
    }

    /**
     * One query more for a page of orders; more only where a member was credited.
     * @param array $orderIds
     * @return array order_id => list of log_id, user_id, amount, change_time, to, reason, note; only orders that have any
     */
    public function of(array $orderIds)
    {
        $refunds = array();
        $orders = $this->membersOrders($orderIds);
        $credits = $this->credits($orders);
        if ($credits === array()) {
            return $refunds;
        }
        $credits = $this->withWithdrawals($credits);
        $orderOf = $this->byRequest($credits);
        foreach ($orders as $id => $order) {
            foreach ($credits as $index => $credit) {
                if ($credit['user_id'] === $order['user_id'] && $credit['change_time'] >= $order['add_time']) {
                    $isOfRequest = isset($orderOf[$index]) && $orderOf[$index] === (string) $id;
                    $reason = $isOfRequest ? 'refund' : self::reason($credit, $order['order_sn']);
                    if ($reason !== null) {
                        unset($credit['withdrawal_note']);
                        $refunds[$id][] = $credit + array('reason' => $reason);
                    }
                }
            }
        }
        return $refunds;
    }

    /** @return string|null null if it is not of this order */
    private static function reason(array $credit, $orderSn)
    {
        if (self::names($credit['note'], $orderSn)) {
            $said = str_replace($orderSn, '%s', $credit['note']);
            if (self::begins($said, self::$others)) {
                return null;
            }
            return self::begins($said, self::$returned) ? 'balance-returned' : 'refund';
        }
        // The credit has the administrator's note; the wish to be paid out names the order in any case.
        return self::names($credit['withdrawal_note'], $orderSn) ? 'refund' : null;
    }

    /**
     * With a note of the administrator's, and at every return (2.7.3 and 2.8 put the number of the choice in its place), the
     * credit names no order. The action on the order follows it in the same request.
     * @return array index of such a credit => order_id
     */
    private function byRequest(array $credits)
    {
        $users = array();
        foreach ($credits as $credit) {
            if (!self::namesSome($credit)) {
                $users[$credit['user_id']] = $credit['user_id'];
            }
        }
        $found = array();
        $endings = $this->endings($users);
        foreach ($credits as $index => $credit) {
            $user = $credit['user_id'];
            foreach (isset($endings[$user]) ? $endings[$user] : array() as $at => $ending) {
                $later = $ending['time'] - $credit['change_time'];
                $isNamed = self::namesSome($credit);
                if ($later < 0 || $later > self::REQUEST || ($isNamed && self::reason($credit, $ending['order_sn']) === null)) {
                    continue;
                }
                if (!$isNamed) {
                    $found[$index] = $ending['order_id'];
                }
                // Each refunds once.
                unset($endings[$user][$at]);
                break;
            }
        }
        return $found;
    }

    /** @return array order_id => order_sn, user_id, add_time */
    private function membersOrders(array $orderIds)
    {
        $orders = array();
        foreach ($orderIds === array() ? array() : $this->db->rows(
            'SELECT order_id, order_sn, user_id, add_time FROM {order_info} WHERE order_id IN (?) AND user_id > 0',
            array(array_values($orderIds))
        ) as $row) {
            $orders[$row['order_id']] = array(
                'order_sn' => ErpSync_Text::clean($row['order_sn']),
                'user_id' => $row['user_id'],
                'add_time' => (int) $row['add_time'],
            );
        }
        return $orders;
    }

    /** @return array of money that members were given for orders since the oldest of these, in the order of log_id */
    private function credits(array $orders)
    {
        $users = array();
        $since = PHP_INT_MAX;
        foreach ($orders as $order) {
            $users[$order['user_id']] = $order['user_id'];
            $since = min($since, $order['add_time']);
        }
        $credits = array();
        foreach ($users === array() ? array() : $this->db->rows(
            'SELECT log_id, user_id, user_money, change_time, change_desc FROM {account_log} WHERE user_id IN (?)
             AND change_type = ? AND user_money > 0 AND frozen_money = 0 AND change_time >= ? ORDER BY log_id',
            array(array_values($users), self::BY_SHOP, $since)
        ) as $row) {
            $credits[] = array(
                'log_id' => $row['log_id'],
                'user_id' => $row['user_id'],
                'amount' => ErpSync_Row::twoDecimals($row['user_money']),
                'change_time' => (int) $row['change_time'],
                'note' => ErpSync_Text::clean($row['change_desc']),
            );
        }
        return $credits;
    }

    /** Adds to each `to`, and the note of the wish to be paid out that came with it. */
    private function withWithdrawals(array $credits)
    {
        $users = array();
        foreach ($credits as $credit) {
            $users[$credit['user_id']] = $credit['user_id'];
        }
        $withdrawals = array();
        foreach ($this->db->rows(
            'SELECT user_id, amount, add_time, user_note, admin_note FROM {user_account} WHERE user_id IN (?) AND process_type = ?
             AND amount < 0 ORDER BY id',
            array(array_values($users), self::WITHDRAWAL)
        ) as $row) {
            $withdrawals[$row['user_id'] . ' ' . ErpSync_Row::twoDecimals($row['amount'])][] = $row;
        }
        foreach ($credits as $index => $credit) {
            $key = $credit['user_id'] . ' -' . $credit['amount'];
            $credits[$index] += array('to' => 'balance', 'withdrawal_note' => '');
            foreach (isset($withdrawals[$key]) ? $withdrawals[$key] : array() as $at => $row) {
                $later = (int) $row['add_time'] - $credit['change_time'];
                $note = ErpSync_Text::clean($row['admin_note']);
                $given = ErpSync_Text::clean($row['user_note']);
                // What the administrator noted stands in both; without it both name the order.
                $isSame = $given === '' ? self::agree($credit['note'], $note) : $given === $credit['note'];
                if ($later >= 0 && $later <= self::REQUEST && $isSame) {
                    $credits[$index]['to'] = 'withdrawal';
                    $credits[$index]['withdrawal_note'] = $note;
                    unset($withdrawals[$key][$at]);
                    break;
                }
            }
        }
        return $credits;
    }

    /** @return array user_id => when orders of these members were cancelled or returned: order_id, order_sn, time (raw) */
    private function endings(array $users)
    {
        $endings = array();
        $before = array();
        foreach ($users === array() ? array() : $this->db->rows(
            'SELECT o.user_id, o.order_id, o.order_sn, a.order_status, a.log_time FROM {order_info} o
             JOIN {order_action} a ON a.order_id = o.order_id WHERE o.user_id IN (?) ORDER BY a.action_id',
            array(array_values($users))
        ) as $row) {
            $id = $row['order_id'];
            $status = $row['order_status'];
            // What the log says of it afterwards, like a note of ours, does not end it again.
            if (($status === '2' || $status === '4') && (!isset($before[$id]) || $before[$id] !== $status)) {
                $endings[$row['user_id']][] = array(
                    'order_id' => $id,
                    'order_sn' => ErpSync_Text::clean($row['order_sn']),
                    'time' => (int) $row['log_time'],
                );
            }
            $before[$id] = $status;
        }
        return $endings;
    }

    /** As a whole: not within a longer number. */
    private static function names($text, $orderSn)
    {
        return $orderSn !== '' && preg_match('/(?<![A-Za-z0-9_-])' . preg_quote($orderSn, '/') . '(?![A-Za-z0-9_-])/', $text) === 1;
    }

    /** @return array of numbers in it that are made as get_order_sn() makes them: a date and five digits */
    private static function numbers($text)
    {
        preg_match_all('/(?<!\d)20\d{11}(?!\d)/', $text, $found);
        return $found[0];
    }

    private static function namesSome(array $credit)
    {
        return self::numbers($credit['note'] . ' ' . $credit['withdrawal_note']) !== array();
    }

    /** Whether two texts can be about the same order. */
    private static function agree($text, $other)
    {
        $numbers = self::numbers($text);
        $others = self::numbers($other);
        return $numbers === array() || $others === array() || array_intersect($numbers, $others) !== array();
    }

    private static function begins($text, array $patterns)
    {
        foreach ($patterns as $pattern) {
            if (strpos($text, $pattern) === 0) {
                return true;
            }
        }
        return false;
    }
}
