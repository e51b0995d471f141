<?php
/**
 * Our own page that does what the checkout of a shop does, lighter than ECShop's: it boots, connects, reads session,
 * cart, goods and methods, computes, writes in ECShop's order of statements, and renders.
 * `?times=n` makes n checkouts of the writes alone over one connection and answers the milliseconds of each.
 */
error_reporting(-1);
require dirname(__FILE__) . '/data/config.php';
date_default_timezone_set($timezone);
define('IN_ECS', true);
require dirname(__FILE__) . '/includes/lib_time.php';

mysqli_report(MYSQLI_REPORT_ERROR | MYSQLI_REPORT_STRICT);
list($host, $port) = explode(':', $db_host);

class Checkout
{
    private $db;
    private $prefix;
    private $config = array();
    private $session;

    public function __construct(mysqli $db, $prefix)
    {
        $this->db = $db;
        $this->prefix = $prefix;
        $this->db->query('SET character_set_connection=utf8, character_set_results=utf8, character_set_client=binary');
        $this->db->query("SET sql_mode=''");
    }

    /** What the page reads before it writes. @return array the order */
    public function order($sesskey)
    {
        foreach ($this->rows('SELECT code, value FROM {shop_config} WHERE parent_id >= 0') as $row) {
            $this->config[$row['code']] = $row['value'];
        }
        $this->session = $this->row("SELECT userid, adminid, user_name, user_rank, discount, email, data, expiry FROM {sessions}
            WHERE sesskey = " . $this->quoted($sesskey));
        $user = $this->row('SELECT * FROM {users} WHERE user_id = ' . (int) $this->session['userid']);
        $rank = $this->row('SELECT rank_id, discount FROM {user_rank} WHERE min_points <= ' . (int) $user['rank_points']
            . ' AND max_points > ' . (int) $user['rank_points'] . ' LIMIT 1');
        $address = $this->row('SELECT * FROM {user_address} WHERE address_id = ' . (int) $user['address_id']);
        $region = array();
        foreach (array('country', 'province', 'city', 'district') as $name) {
            $region[] = (int) $address[$name];
        }
        $places = $this->rows('SELECT region_id, region_name FROM {region} WHERE region_id IN (' . implode(', ', $region) . ')');
        $lines = $this->rows("SELECT c.*, g.goods_weight, g.goods_number AS stock
            FROM {cart} AS c JOIN {goods} AS g ON g.goods_id = c.goods_id WHERE c.user_id = " . (int) $user['user_id']
            . ' AND c.rec_type = 0');
        $amount = 0;
        $weight = 0;
        foreach ($lines as $line) {
            if ($line['product_id'] > 0) {
                $sku = $this->row('SELECT product_number FROM {products} WHERE product_id = ' . (int) $line['product_id']);
                $line['stock'] = $sku['product_number'];
            }
            if ($line['goods_number'] > $line['stock']) {
                throw new Exception('out of stock');
            }
            $amount += $line['goods_price'] * $line['goods_number'];
            $weight += $line['goods_weight'] * $line['goods_number'];
        }
        if ($lines === array()) {
            throw new Exception('the cart is empty');
        }
        $shipping = $this->row('SELECT * FROM {shipping} WHERE shipping_id = 1 AND enabled = 1');
        $methods = $this->rows('SELECT * FROM {payment} WHERE enabled = 1 ORDER BY pay_order');
        $payment = $this->row('SELECT * FROM {payment} WHERE pay_id = 2 AND enabled = 1');
        $fee = 10 + 2 * max(0, ceil($weight) - 1);
        $points = 100;
        return array(
            'sesskey' => $sesskey,
            'user' => (int) $user['user_id'],
            'address' => $address,
            'shipping' => $shipping,
            'payment' => $payment,
            'methods' => $methods,
            'places' => $places,
            'lines' => $lines,
            'amount' => $amount * $rank['discount'] / 100,
            'fee' => $fee,
            'points' => $points,
            'due' => $amount + $fee - $points / 100,
        );
    }

    /** The writes, in the order of ECShop's flow.php, each committing by itself. @return string order_sn */
    public function write(array $order)
    {
        $address = $order['address'];
        $now = gmtime();
        $sn = str_replace('.', '', sprintf('%.6F', microtime(true)));
        $id = $this->insert('order_info', array(
            'order_sn' => $sn,
            'user_id' => $order['user'],
            'order_status' => 0,
            'shipping_status' => 0,
            'pay_status' => 0,
            'consignee' => $address['consignee'],
            'country' => $address['country'],
            'province' => $address['province'],
            'city' => $address['city'],
            'district' => $address['district'],
            'address' => $address['address'],
            'zipcode' => $address['zipcode'],
            'tel' => $address['tel'],
            'mobile' => $address['mobile'],
            'email' => $address['email'],
            'best_time' => $address['best_time'],
            'sign_building' => $address['sign_building'],
            'postscript' => '请尽快发货',
            'shipping_id' => $order['shipping']['shipping_id'],
            'shipping_name' => $order['shipping']['shipping_name'],
            'pay_id' => $order['payment']['pay_id'],
            'pay_name' => $order['payment']['pay_name'],
            'how_oos' => '等待所有商品备齐后再发',
            'goods_amount' => $order['amount'],
            'shipping_fee' => $order['fee'],
            'integral' => $order['points'],
            'integral_money' => $order['points'] / 100,
            'order_amount' => $order['due'],
            'referer' => '本站',
            'add_time' => $now,
            'agency_id' => 0,
            'inv_type' => '',
            'tax' => 0,
            'discount' => 0,
        ));
        $copied = 'goods_id, goods_name, goods_sn, product_id, goods_number, market_price, goods_price, goods_attr, is_real,
            extension_code, parent_id, is_gift, goods_attr_id';
        $this->query("INSERT INTO {order_goods} (order_id, $copied) SELECT $id, $copied FROM {cart}
            WHERE user_id = {$order['user']} AND rec_type = 0");
        $this->insert('account_log', array(
            'user_id' => $order['user'],
            'user_money' => 0,
            'frozen_money' => 0,
            'rank_points' => 0,
            'pay_points' => -$order['points'],
            'change_time' => $now,
            'change_desc' => '支付订单 ' . $sn,
            'change_type' => 99,
        ));
        $this->query("UPDATE {users} SET user_money = user_money + 0, frozen_money = frozen_money + 0,
            rank_points = rank_points + 0, pay_points = pay_points - {$order['points']} WHERE user_id = {$order['user']} LIMIT 1");
        foreach ($order['lines'] as $line) {
            if ($line['product_id'] > 0) {
                $this->query("UPDATE {products} SET product_number = product_number - {$line['goods_number']}
                    WHERE goods_id = {$line['goods_id']} AND product_id = {$line['product_id']} LIMIT 1");
            }
            $this->query("UPDATE {goods} SET goods_number = goods_number - {$line['goods_number']}
                WHERE goods_id = {$line['goods_id']} LIMIT 1");
        }
        $this->query('DELETE FROM {cart} WHERE session_id = ' . $this->quoted($order['sesskey']) . ' AND rec_type = 0');
        $this->insert('pay_log', array('order_id' => $id, 'order_amount' => $order['due'], 'order_type' => 0, 'is_paid' => 0));
        $this->query('UPDATE {sessions} SET expiry = ' . time() . ", data = 'a:1:{s:7:\"from_ad\";i:0;}' WHERE sesskey = "
            . $this->quoted($order['sesskey']) . ' LIMIT 1');
        return $sn;
    }

    /** Puts the same lines into the cart again. */
    public function refill(array $order)
    {
        foreach ($order['lines'] as $line) {
            unset($line['rec_id'], $line['goods_weight'], $line['stock']);
            $this->insert('cart', $line);
        }
    }

    private function insert($table, array $row)
    {
        $values = array();
        foreach ($row as $value) {
            $values[] = $this->quoted($value);
        }
        $this->query('INSERT INTO {' . $table . '} (' . implode(', ', array_keys($row)) . ') VALUES (' . implode(', ', $values) . ')');
        return $this->db->insert_id;
    }

    private function row($sql)
    {
        $rows = $this->rows($sql);
        if (count($rows) !== 1) {
            throw new Exception('not exactly one row: ' . $sql);
        }
        return $rows[0];
    }

    private function rows($sql)
    {
        return $this->query($sql)->fetch_all(MYSQLI_ASSOC);
    }

    private function query($sql)
    {
        return $this->db->query(preg_replace('/\{([a-z_]+)\}/', '`' . $this->prefix . '$1`', $sql));
    }

    private function quoted($value)
    {
        return "'" . $this->db->real_escape_string((string) $value) . "'";
    }
}

$checkout = new Checkout(new mysqli($host, $db_user, $db_pass, $db_name, (int) $port), $prefix);
$order = $checkout->order(isset($_COOKIE['ECS_ID']) ? $_COOKIE['ECS_ID'] : '');

if (isset($_GET['times'])) {
    $taken = array();
    for ($time = 0; $time < (int) $_GET['times']; $time += 1) {
        $startedAt = microtime(true);
        $checkout->write($order);
        $taken[] = (microtime(true) - $startedAt) * 1000;
        $checkout->refill($order);
    }
    header('Content-Type: application/json');
    echo json_encode($taken);
    exit;
}

$sn = $checkout->write($order);
$h = 'htmlspecialchars';
header('Content-Type: text/html; charset=utf-8');
?>
<!DOCTYPE html>
<html lang="zh-CN">
<head><meta charset="utf-8"><title>订单提交成功</title></head>
<body>
<h1>感谢您在本店购物！请记住您的订单号: <b id="order_sn"><?php echo $h($sn); ?></b></h1>
<table>
<?php foreach ($order['lines'] as $line): ?>
<tr><td><?php echo $h($line['goods_name']); ?></td><td><?php echo $h($line['goods_attr']); ?></td>
<td><?php echo (int) $line['goods_number']; ?></td><td><?php echo number_format($line['goods_price'], 2); ?></td></tr>
<?php endforeach; ?>
</table>
<p>配送方式: <?php echo $h($order['shipping']['shipping_name']); ?>, <?php echo number_format($order['fee'], 2); ?></p>
<p>收货地址: <?php foreach ($order['places'] as $place) { echo $h($place['region_name']), ' '; } ?>
<?php echo $h($order['address']['address']); ?></p>
<ul>
<?php foreach ($order['methods'] as $method): ?>
<li><?php echo $h(strip_tags($method['pay_name'])); ?></li>
<?php endforeach; ?>
</ul>
<p>应付款金额: <?php echo number_format($order['due'], 2); ?></p>
</body>
</html>
