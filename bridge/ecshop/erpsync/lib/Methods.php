<?php
/** The shop's ways to pay and to ship, by id; never `payment.pay_config`, which holds the gateways' keys. */
class ErpSync_Methods
{
    /** @var ErpSync_Db */
    private $db;
    /** @var array|null pay_id => row */
    private $payments = null;
    /** @var array|null shipping_id => row */
    private $shippings = null;
    /** @var array|null rank_id => rank_name */
    private $ranks = null;

    public function __construct(ErpSync_Db $db)
    {
        $this->db = $db;
    }

    public function payCode($id)
    {
        return self::of($this->payments(), $id, 'pay_code');
    }

    /** @return int 1 for cash on delivery */
    public function isCod($id)
    {
        return (int) self::of($this->payments(), $id, 'is_cod');
    }

    public function shippingCode($id)
    {
        return self::of($this->shippings(), $id, 'shipping_code');
    }

    public function shippingName($id)
    {
        return self::of($this->shippings(), $id, 'shipping_name');
    }

    public function rankName($id)
    {
        if ($this->ranks === null) {
            $this->ranks = $this->read('SELECT rank_id AS id, rank_name FROM {user_rank}');
        }
        return self::of($this->ranks, $id, 'rank_name');
    }

    private function payments()
    {
        if ($this->payments === null) {
            $this->payments = $this->read('SELECT pay_id AS id, pay_code, is_cod FROM {payment}');
        }
        return $this->payments;
    }

    private function shippings()
    {
        if ($this->shippings === null) {
            $this->shippings = $this->read('SELECT shipping_id AS id, shipping_code, shipping_name FROM {shipping}');
        }
        return $this->shippings;
    }

    private function read($sql)
    {
        $rows = array();
        foreach ($this->db->rows($sql) as $row) {
            $rows[$row['id']] = $row;
        }
        return $rows;
    }

    private static function of(array $rows, $id, $column)
    {
        return isset($rows[$id][$column]) ? ErpSync_Text::clean($rows[$id][$column]) : '';
    }
}
