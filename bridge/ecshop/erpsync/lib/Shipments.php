<?php
/**
 * `POST shipments.php`: a parcel that has left the warehouse, recorded as ECShop's split and ship screens do it in two
 * acts (operate_post `split` and delivery_ship of admin/order.php), without their mails. It is recorded whatever was paid:
 * the goods are gone. Steps: claimed (the note is being prepared) → shipped (note, order, stock and points moved at once)
 * → rewarded (coupons) → done.
 */
class ErpSync_Shipments
{
    const KIND = 'shipment';
    const SHIPPED = 'shipped';
    const REWARDED = 'rewarded';

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
        $call = self::read($request);
        $lock = 'order.' . $call['order']['order_id'];
        ErpSync_Command::lock($this->db, $lock);
        $answer = $this->record($call);
        $this->db->unlock($lock);
        return $answer;
    }

    private static function read(ErpSync_ApiRequest $request)
    {
        $names = array('shipment_id', 'order', 'shipped_at', 'carrier', 'tracking', 'lines', 'origin');
        $body = $request->body($names);
        $call = array(
            'id' => $body->commandId('shipment_id'),
            'order' => ErpSync_OrderRow::identity($body),
            'shipped_at' => $body->instant('shipped_at'),
            'carrier' => null,
            'tracking' => $body->texts('tracking', 0, 10, 1, 50),
            'quantities' => array(),
            'origin' => $body->origin(),
        );
        if ($body->has('carrier')) {
            $carrier = $body->object('carrier', array('shipping_code', 'name'));
            $call['carrier'] = array(
                'code' => $carrier->has('shipping_code') ? $carrier->text('shipping_code', 0, 30) : '',
                'name' => $carrier->text('name', 0, 60),
            );
        }
        $fields = array();
        foreach ($body->objects('lines', array('rec_id', 'quantity'), 1, 10000) as $index => $line) {
            $recId = $line->id('rec_id');
            $quantity = $line->int('quantity', 1, 2147483647);
            $call['quantities'][$recId] = (isset($call['quantities'][$recId]) ? $call['quantities'][$recId] : 0) + $quantity;
            $fields[$recId] = 'lines.' . $index;
        }
        ksort($call['quantities']);
        $call['hash'] = ErpSync_Command::hash($call);
        $call['fields'] = $fields;
        return $call;
    }

    private function record(array $call)
    {
        $command = ErpSync_Command::find($this->db, self::KIND, $call['id'], $call['hash']);
        if ($command !== null && $command->step === ErpSync_Command::DONE) {
            return array('result' => 'duplicate') + $command->data;
        }
        // What it was planned on may change while it is being prepared; it is planned anew then.
        for ($attempt = 0; $command === null || $command->step === ErpSync_Command::CLAIMED; $attempt++) {
            if ($attempt === 5) {
                throw ErpSync_Command::busy();
            }
            try {
                $plan = $this->plan($call);
            } catch (ErpSync_ApiProblem $refusal) {
                $this->takeBack($command, $call);
                throw $refusal;
            }
            if ($plan['is_shipped']) {
                return $this->recordedBefore($command, $plan, $call);
            }
            if ($command === null) {
                $command = ErpSync_Command::claim(
                    $this->db,
                    self::KIND,
                    $call['id'],
                    $call['hash'],
                    array('time' => $this->now())
                );
            }
            $this->ship($command, $plan, $call);
        }
        return $this->complete($command, $call);
    }

    /** @return array order, goods (ErpSync_OrderGoods), note (null: to be made), is_shipped */
    private function plan(array $call)
    {
        $order = ErpSync_OrderRow::find($this->db, $call['order']);
        if (in_array($order['order_status'], array('2', '3', '4'), true)) {
            throw new ErpSync_ApiProblem(
                'order-closed',
                'The order is cancelled, void or returned in the shop.',
                'Decide with the customer: confirm the order again in the shop, or call the parcel back.'
            );
        }
        $goods = new ErpSync_OrderGoods($this->db, $order['order_id']);
        $this->checkLines($goods, $call);
        $wanted = $goods->pieces($call['quantities']);
        $ours = null;
        $same = null;
        $taken = array();
        foreach ($goods->notes() as $note) {
            if ($note['delivery_sn'] === self::deliverySn($call['id'])) {
                $ours = $note;
                continue;
            }
            // A note that a person has prepared for exactly these goods, or took back, is the one to ship.
            $isReusable = $same === null && $note['status'] === ErpSync_OrderGoods::PREPARED
                && $note['pieces'] === $wanted && !$this->isOfAnotherCall($note['delivery_sn']);
            if ($isReusable) {
                $same = $note;
            } else {
                $taken = ErpSync_OrderGoods::sum($taken, $note['pieces']);
            }
        }
        $plan = array('order' => $order, 'goods' => $goods, 'wanted' => $wanted, 'note' => $ours === null ? $same : $ours);
        $plan['is_ours'] = $ours !== null || $same === null;
        $plan['is_shipped'] = $ours !== null && $ours['status'] === ErpSync_OrderGoods::SHIPPED;
        if ($ours !== null && $same !== null) {
            $taken = ErpSync_OrderGoods::sum($taken, $same['pieces']);
        }
        if (!$plan['is_shipped']) {
            $this->checkQuantities($goods->orderedPieces(), ErpSync_OrderGoods::sum($taken, $wanted), $wanted);
        }
        return $plan;
    }

    private function checkLines(ErpSync_OrderGoods $goods, array $call)
    {
        foreach ($call['quantities'] as $recId => $quantity) {
            $field = $call['fields'][$recId] . '.';
            if (!$goods->has($recId)) {
                throw new ErpSync_ApiProblem(
                    'unknown-line',
                    'The order has no such line.',
                    'It was dropped or merged in the shop; compare the lines with the order\'s newest snapshot.',
                    $field . 'rec_id'
                );
            }
            if (!$goods->isParcel($recId)) {
                throw new ErpSync_ApiProblem(
                    'unknown-line',
                    'This line cannot be put into a parcel: a voucher, a discount, or a package that holds one or nothing.',
                    'Leave it out; vouchers are handed out in the shop.',
                    $field . 'rec_id'
                );
            }
            if ($quantity > $goods->ordered($recId)) {
                throw self::exceeds($field . 'quantity');
            }
        }
    }

    /** Notes that a person has made count as taken, shipped or not: their goods are promised to another parcel. */
    private function checkQuantities(array $ordered, array $taken, array $wanted)
    {
        foreach (array_keys($wanted) as $key) {
            if ($taken[$key] > $ordered[$key]) {
                throw self::exceeds('lines');
            }
        }
    }

    private static function exceeds($field)
    {
        return new ErpSync_ApiProblem(
            'quantity-exceeds',
            'That is more than was ordered and is not on another delivery note yet.',
            'Look at the order\'s delivery notes in the shop: one may be a duplicate, or was made there by hand.',
            $field
        );
    }

    /** Of the shipment's id alone, as long as ECShop's own: it finds the note even if the claim is lost. */
    private static function deliverySn($shipmentId)
    {
        return 'E' . strtoupper(substr(hash('sha256', $shipmentId), 0, 16));
    }

    /** @return bool whether a call that was cut off will go on with it */
    private function isOfAnotherCall($deliverySn)
    {
        foreach ($this->db->column(
            'SELECT command_id FROM {erpsync_command} WHERE kind = ? AND step = ?',
            array(self::KIND, ErpSync_Command::CLAIMED)
        ) as $shipmentId) {
            if (self::deliverySn($shipmentId) === $deliverySn) {
                return true;
            }
        }
        return false;
    }

    /** Everything up to the step `shipped`; leaves the step as it is if the order changed meanwhile. */
    private function ship(ErpSync_Command $command, array $plan, array $call)
    {
        $order = $plan['order'];
        $goods = $plan['goods'];
        $note = $plan['note'] === null ? $this->makeNote($plan, $call, $command) : $plan['note'];
        if ($plan['is_ours'] && $note['pieces'] !== $plan['wanted']) {
            // None yet, torn by a crash of the server, or left behind by a deleted note of the same id.
            $this->db->exec('DELETE FROM {delivery_goods} WHERE delivery_id = ?', array($note['delivery_id']));
            $log = new ErpSync_ShopLog($this->db);
            $log->insert('delivery_goods', $goods->noteRows($note['delivery_id'], $call['quantities']));
        }
        $isFinished = $goods->recount();
        $othersPrepared = 0;
        foreach ($goods->notes() as $each) {
            $isOther = $each['delivery_id'] !== $note['delivery_id'];
            $othersPrepared += $isOther && $each['status'] === ErpSync_OrderGoods::PREPARED ? 1 : 0;
        }
        $isComplete = $isFinished && $othersPrepared === 0;
        // Received stays received: of a COD order, payment says so before the notes do.
        $shippingStatus = $order['shipping_status'] === '2' && $isComplete ? 2 : ($isComplete ? 1 : 4);
        $rewards = new ErpSync_Rewards($this->app);
        $none = array('rank' => 0, 'pay' => 0, 'coupons' => array());
        $data = array(
            'time' => $command->data['time'],
            'delivery_id' => (string) $note['delivery_id'],
            'delivery_sn' => $note['delivery_sn'],
            'order_status' => $isFinished ? 5 : 6,
            'shipping_status' => $shippingStatus,
            'pay_status' => (int) $order['pay_status'],
            'user_id' => $order['user_id'],
            'rewards' => $isComplete ? $rewards->of($order) : $none,
        );
        $isTaken = $this->stockIsTakenAtShipment();
        $stock = ErpSync_OrderGoods::stockMove($isTaken ? $plan['wanted'] : array());
        $command->together(
            self::SHIPPED,
            $data,
            array_merge(
                array(
                    array('JOIN {order_info} o ON o.order_id = ?', array($order['order_id'])),
                    array('JOIN {delivery_order} d ON d.delivery_id = ?', array($note['delivery_id'])),
                    array('LEFT JOIN {users} u ON u.user_id = ?', array($order['user_id'])),
                ),
                $stock->joins()
            ),
            array_merge(
                array(
                    array('d.status = ?', array(ErpSync_OrderGoods::SHIPPED)),
                    array('d.invoice_no = ?', array($this->tracking('', $call, 50))),
                    array('o.order_status = ?, o.shipping_status = ?', array($data['order_status'], $shippingStatus)),
                    array('o.confirm_time = ?', array(
                        $order['order_status'] === '0' ? $command->data['time'] : $order['confirm_time'],
                    )),
                    array('o.shipping_time = ?', array(
                        max((int) $order['shipping_time'], $this->app->time()->toRaw($call['shipped_at'])),
                    )),
                    array('o.invoice_no = ?', array($this->tracking($order['invoice_no'], $call, 255))),
                    array('u.rank_points = u.rank_points + ?, u.pay_points = u.pay_points + ?', array(
                        $data['rewards']['rank'],
                        $data['rewards']['pay'],
                    )),
                ),
                $stock->out()
            ),
            array(
                array('d.status = ?', array(ErpSync_OrderGoods::PREPARED)),
                array('o.order_status = ? AND o.shipping_status = ?', array(
                    $order['order_status'],
                    $order['shipping_status'],
                )),
            )
        );
    }

    /** A note in preparation, as the split screen makes it. @return array as ErpSync_OrderGoods::notes() */
    private function makeNote(array $plan, array $call, ErpSync_Command $command)
    {
        $order = $plan['order'];
        $method = $this->method($order, $call);
        $copied = 'order_sn, order_id, add_time, user_id, how_oos, shipping_fee, consignee, address, country, province, city,
            district, sign_building, email, zipcode, tel, mobile, best_time, postscript, insure_fee, agency_id';
        $this->db->exec(
            'INSERT INTO {delivery_order} (' . $copied . ', delivery_sn, shipping_id, shipping_name, action_user,
               update_time, suppliers_id, status, invoice_no)
             SELECT ' . $copied . ', ?, ?, ?, ?, ?, 0, ?, ? FROM {order_info} WHERE order_id = ?',
            array(
                self::deliverySn($call['id']),
                $method['id'],
                $method['name'],
                $call['origin'],
                $command->data['time'],
                ErpSync_OrderGoods::PREPARED,
                '',
                $order['order_id'],
            )
        );
        return array(
            'delivery_id' => (string) $this->db->insertId(),
            'delivery_sn' => self::deliverySn($call['id']),
            'pieces' => array(),
        );
    }

    /** @return array id and name of the shipping method on the note */
    private function method(array $order, array $call)
    {
        $method = array('id' => max(0, (int) $order['shipping_id']), 'name' => $order['shipping_name']);
        if ($call['carrier'] === null) {
            return $method;
        }
        // Codes are file names of ECShop's plugins.
        $known = preg_match('/^[A-Za-z0-9_-]+$/D', $call['carrier']['code']) ? $this->db->row(
            'SELECT shipping_id, shipping_name FROM {shipping} WHERE shipping_code = ? ORDER BY enabled DESC LIMIT 1',
            array($call['carrier']['code'])
        ) : null;
        if ($known !== null) {
            return array('id' => $known['shipping_id'], 'name' => $known['shipping_name']);
        }
        $name = ErpSync_StoredText::encoded($this->db, $call['carrier']['name'], 120);
        return $name === '' ? $method : array('id' => $method['id'], 'name' => $name);
    }

    /** @return string tracking numbers that were there and those of the call, each once, as many as fit whole */
    private function tracking($before, array $call, $length)
    {
        $numbers = $before === '' ? array() : explode('<br>', $before);
        foreach ($call['tracking'] as $number) {
            $encoded = ErpSync_StoredText::encoded($this->db, $number, 255);
            $longer = implode('<br>', array_merge($numbers, array($encoded)));
            $characters = preg_match_all('/./us', $longer, $ignored);
            if ($encoded !== '' && !in_array($encoded, $numbers, true) && $characters <= $length) {
                $numbers[] = $encoded;
            }
        }
        return implode('<br>', $numbers);
    }

    private function stockIsTakenAtShipment()
    {
        $switch = new ErpSync_StockSwitch($this->app);
        return $switch->current() === 'shipment';
    }

    /** From the step `shipped` on. */
    private function complete(ErpSync_Command $command, array $call)
    {
        $data = $command->data;
        $words = new ErpSync_ShopWords($this->db);
        $log = new ErpSync_ShopLog($this->db);
        $mark = ErpSync_ShopLog::mark($call['id']);
        $this->logShipping($call, $data);
        $rewards = $data['rewards'];
        if ($rewards['rank'] !== 0 || $rewards['pay'] !== 0) {
            $change = array(
                'user_money' => 0,
                'rank_points' => $rewards['rank'],
                'pay_points' => $rewards['pay'],
                'change_desc' => $words->say('points', array($call['order']['order_sn'])),
            );
            $log->account($data['user_id'], array($change), $data['time'], $mark);
        }
        if ($command->step === self::SHIPPED && $rewards['coupons'] !== array()) {
            $giver = new ErpSync_Rewards($this->app);
            $giver->handOver($command, self::REWARDED, $data['user_id'], $rewards['coupons'], $call['id']);
        }
        return $this->finish($command, $data, $call);
    }

    /** The claim is lost, or a person shipped the note that a call had left unfinished: all but its log is done. */
    private function recordedBefore($command, array $plan, array $call)
    {
        $data = array(
            'delivery_id' => $plan['note']['delivery_id'],
            'delivery_sn' => $plan['note']['delivery_sn'],
            'order_status' => (int) $plan['order']['order_status'],
            'shipping_status' => (int) $plan['order']['shipping_status'],
            'pay_status' => (int) $plan['order']['pay_status'],
        );
        if ($command === null) {
            return array('result' => 'duplicate') + self::outcome($data, $call);
        }
        $this->logShipping($call, $data + $command->data);
        return $this->finish($command, $data, $call);
    }

    private function finish(ErpSync_Command $command, array $data, array $call)
    {
        ErpSync_ShopCache::clear($this->app->config->root);
        $outcome = self::outcome($data, $call);
        $command->finish($outcome);
        return array('result' => 'recorded') + $outcome;
    }

    private static function outcome(array $data, array $call)
    {
        return array(
            'shipment_id' => $call['id'],
            'delivery_id' => (string) $data['delivery_id'],
            'delivery_sn' => ErpSync_Text::clean($data['delivery_sn']),
            'order_status' => $data['order_status'],
            'shipping_status' => $data['shipping_status'],
        );
    }

    private function logShipping(array $call, array $data)
    {
        $words = new ErpSync_ShopWords($this->db);
        $log = new ErpSync_ShopLog($this->db);
        $log->action(
            array(
                'order_id' => $call['order']['order_id'],
                'action_user' => $call['origin'],
                'order_status' => $data['order_status'],
                'shipping_status' => $data['shipping_status'],
                'pay_status' => $data['pay_status'],
                // Written from the delivery note's screen.
                'action_place' => 1,
                'log_time' => $data['time'],
            ),
            ErpSync_ShopLog::mark($call['id']),
            $words->say('shipped', array($data['delivery_sn'], implode(', ', $call['tracking'])))
        );
    }

    /** A refusal leaves nothing behind: a note that was only in preparation goes, and its claim. */
    private function takeBack($command, array $call)
    {
        if ($command === null) {
            return;
        }
        $orderId = $call['order']['order_id'];
        foreach ($this->db->column(
            'SELECT delivery_id FROM {delivery_order} WHERE order_id = ? AND delivery_sn = ? AND status = ?',
            array($orderId, self::deliverySn($call['id']), ErpSync_OrderGoods::PREPARED)
        ) as $deliveryId) {
            $this->db->exec('DELETE FROM {delivery_goods} WHERE delivery_id = ?', array($deliveryId));
            $this->db->exec('DELETE FROM {delivery_order} WHERE delivery_id = ?', array($deliveryId));
        }
        $goods = new ErpSync_OrderGoods($this->db, $orderId);
        $goods->recount();
        $command->withdraw();
    }

    private function now()
    {
        return $this->app->time()->toRaw(time());
    }
}
