<?php
/**
 * What a member gets once an order is wholly shipped: points of its goods, and coupons of its goods and of its amount
 * (integral_to_give and order_bonus of lib_order.php). No mail is sent about them.
 */
class ErpSync_Rewards
{
    /** send_type of bonus_type */
    const COUPON_OF_GOODS = 1;
    const COUPON_OF_ORDER = 2;

    /** @var ErpSync_App */
    private $app;

    public function __construct(ErpSync_App $app)
    {
        $this->app = $app;
    }

    /**
     * @param array $order row of order_info
     * @return array rank and pay (points), coupons (type_id => number); nothing for guests and members that are gone
     */
    public function of(array $order)
    {
        $isMember = $order['user_id'] !== '0' && $this->app->db->value(
            'SELECT user_id FROM {users} WHERE user_id = ?',
            array($order['user_id'])
        ) !== null;
        if (!$isMember) {
            return array('rank' => 0, 'pay' => 0, 'coupons' => array());
        }
        return $this->points($order) + array('coupons' => $this->coupons($order));
    }

    private function points(array $order)
    {
        $db = $this->app->db;
        if ($order['extension_code'] === 'group_buy') {
            $settings = (string) $db->value(
                'SELECT ext_info FROM {goods_activity} WHERE act_id = ?',
                array($order['extension_id'])
            );
            // Out of PHP's serialize(); unserialize() makes objects.
            $isThere = preg_match('/s:13:"gift_integral";(?:i:|s:\d+:")(\d+)/', $settings, $found);
            return array('rank' => (int) $order['goods_amount'], 'pay' => $isThere ? (int) $found[1] : 0);
        }
        $sums = $db->row(
            "SELECT SUM(og.goods_number * IF(g.rank_integral > -1, g.rank_integral, og.goods_price)) AS rank_sum,
               SUM(og.goods_number * IF(g.give_integral > -1, g.give_integral, og.goods_price)) AS pay_sum
             FROM {order_goods} og JOIN {goods} g ON g.goods_id = og.goods_id
             WHERE og.order_id = ? AND og.parent_id = 0 AND og.is_gift = 0 AND og.extension_code <> 'package_buy'",
            array($order['order_id'])
        );
        return array('rank' => (int) $sums['rank_sum'], 'pay' => (int) $sums['pay_sum']);
    }

    private function coupons(array $order)
    {
        $db = $this->app->db;
        $endOfToday = $this->app->time()->toRaw(mktime(23, 59, 59));
        $rows = $db->rows(
            'SELECT t.type_id, SUM(og.goods_number) AS number
             FROM {order_goods} og JOIN {goods} g ON g.goods_id = og.goods_id JOIN {bonus_type} t ON t.type_id = g.bonus_type_id
             WHERE og.order_id = ? AND og.is_gift = 0 AND t.send_type = ? AND t.send_start_date <= ? AND t.send_end_date >= ?
             GROUP BY t.type_id',
            array($order['order_id'], self::COUPON_OF_GOODS, $endOfToday, $endOfToday)
        );
        $amount = (string) $db->value(
            'SELECT SUM(goods_price * goods_number) FROM {order_goods} WHERE order_id = ? AND is_gift = 0',
            array($order['order_id'])
        );
        $rows = array_merge($rows, $db->rows(
            'SELECT type_id, IF(min_amount > 0, FLOOR(? / min_amount), 1) AS number FROM {bonus_type}
             WHERE send_type = ? AND send_start_date <= ? AND send_end_date >= ?',
            array($amount === '' ? '0' : $amount, self::COUPON_OF_ORDER, $order['add_time'], $order['add_time'])
        ));
        $coupons = array();
        foreach ($rows as $row) {
            if ((int) $row['number'] > 0) {
                $coupons[$row['type_id']] = (int) $row['number'];
            }
        }
        return $coupons;
    }

    /**
     * Inserts the coupons as nobody's, under a number of the command's own, and then hands them over together with the
     * step: a row of user_bonus has no room for a mark that could stay.
     */
    public function handOver(ErpSync_Command $command, $step, $userId, array $coupons, $commandId)
    {
        // bonus_sn is a bigint: 18 digits, of which a stranger guesses none.
        $number = '9' . strtr(substr(hash('sha256', 'coupons of ' . $commandId), 0, 17), 'abcdef', '012345');
        $db = $this->app->db;
        $isStaged = $db->value(
            'SELECT bonus_id FROM {user_bonus} WHERE user_id = 0 AND bonus_sn = ? LIMIT 1',
            array($number)
        ) !== null;
        $rows = array();
        foreach ($coupons as $typeId => $count) {
            for ($i = 0; $i < $count; $i++) {
                $rows[] = array('bonus_type_id' => $typeId, 'bonus_sn' => $number, 'user_id' => 0);
            }
        }
        if (!$isStaged) {
            $log = new ErpSync_ShopLog($db);
            $log->insert('user_bonus', $rows);
        }
        $command->together(
            $step,
            $command->data,
            array(array('JOIN {user_bonus} b ON b.user_id = 0 AND b.bonus_sn = ?', array($number))),
            array(array('b.user_id = ?, b.bonus_sn = 0', array($userId))),
            array()
        );
    }
}
